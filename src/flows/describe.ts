import Type, { type TSchema } from 'typebox'
import {
  errorAuthenticatorAssuranceLevelNotSatisfied,
  errorBrowserLocationChangeRequired,
  errorCredentialsMissing,
  errorFlowReplaced,
  errorGeneric,
  flowError,
  needsPrivilegedSessionError,
  selfServiceFlowExpiredError,
} from '../http/error-schema.ts'
import type { Operations } from '../http/openapi.ts'
import { body, choice, flag, required, text } from '../http/schema.ts'
import * as schemas from './wire-schema.ts'

const tag = 'frontend'
const id = { id: required('The id of the flow.') }
const flow = { flow: required('The id of the flow.') }
const returnTo = text('Where the browser goes in the end; one of the addresses that the configuration allows.')
const organization = text('The organization that the person belongs to.')
const identitySchema = text('The identity schema that new people get.')
const loginChallenge = text('The challenge with which an OAuth2 server sends somebody to sign in.')
const exchangeCode = flag('Whether the app gets a code for picking up a session that begins in a browser tab.')
const gone = { 404: errorGeneric, 410: errorGeneric }
const expired = [selfServiceFlowExpiredError, errorGeneric]

/** @param bodies what the methods take, each under its public name */
export const loginOperations = (bodies: readonly TSchema[]) => {
  const query = {
    refresh: flag('Whether somebody who is signed in has to do so again.'),
    aal: choice(['aal1', 'aal2']),
    return_to: returnTo,
    organization,
    via: text('The address to which a code is sent.'),
    identity_schema: identitySchema,
  }
  return {
    createBrowserLoginFlow: {
      tag,
      summary: 'Begin to sign in, in a browser',
      query: { ...query, login_challenge: loginChallenge },
      reads: 'cookies',
      answers: {
        200: schemas.loginFlow,
        303: 'redirect',
        // Who is signed in already may have to go back to an OAuth2 server.
        400: [errorGeneric, errorBrowserLocationChangeRequired],
        401: errorGeneric,
        422: errorBrowserLocationChangeRequired,
      },
    },
    createNativeLoginFlow: {
      tag,
      summary: 'Begin to sign in, in a native app',
      query: { ...query, return_session_token_exchange_code: exchangeCode },
      reads: 'token',
      answers: { 200: schemas.loginFlow, 400: errorGeneric, 401: errorGeneric },
    },
    getLoginFlow: {
      tag,
      summary: 'Read a login flow',
      query: id,
      reads: 'cookies',
      answers: { 200: schemas.loginFlow, 403: errorGeneric, ...gone },
    },
    updateLoginFlow: {
      tag,
      summary: 'Send the form of a login flow',
      query: flow,
      reads: 'session',
      body: anyOf('updateLoginFlowBody', bodies),
      form: true,
      answers: {
        // Who signs in by way of a provider for the first time is signed up.
        200: [schemas.successfulNativeLogin, schemas.successfulNativeRegistration, schemas.loginFlow],
        303: 'redirect',
        400: [schemas.loginFlow, schemas.registrationFlow, errorGeneric],
        401: errorGeneric,
        403: errorGeneric,
        404: errorGeneric,
        410: expired,
        422: errorBrowserLocationChangeRequired,
      },
    },
    createTestLoginFlow: {
      tag: 'identity',
      summary: 'Begin to try a provider out: nobody is signed in, and what the provider says is shown',
      body: schemas.createTestLoginFlowBody,
      answers: { 201: schemas.loginFlow, 400: errorGeneric, 404: errorGeneric },
    },
    deleteTestLoginFlow: {
      tag,
      summary: 'Delete a flow in which a provider was tried out',
      query: { id: required('The id of the flow.') },
      reads: 'cookies',
      answers: { 204: 'empty', 400: errorGeneric, 403: errorGeneric, 404: errorGeneric },
    },
  } as const satisfies Operations
}

/** @param bodies what the methods take, each under its public name */
export const registrationOperations = (bodies: readonly TSchema[]) => {
  const query = { return_to: returnTo, organization, identity_schema: identitySchema }
  return {
    createBrowserRegistrationFlow: {
      tag,
      summary: 'Begin to sign up, in a browser',
      query: {
        ...query,
        login_challenge: loginChallenge,
        after_verification_return_to: text('Where the browser goes once the address is verified.'),
      },
      answers: {
        200: schemas.registrationFlow,
        302: 'redirect',
        303: 'redirect',
        400: errorGeneric,
        422: errorBrowserLocationChangeRequired,
      },
    },
    createNativeRegistrationFlow: {
      tag,
      summary: 'Begin to sign up, in a native app',
      query: { ...query, return_session_token_exchange_code: exchangeCode },
      answers: { 200: schemas.registrationFlow, 400: errorGeneric },
    },
    getRegistrationFlow: {
      tag,
      summary: 'Read a registration flow',
      query: id,
      reads: 'cookies',
      answers: { 200: schemas.registrationFlow, 303: 'redirect', 403: errorGeneric, ...gone },
    },
    updateRegistrationFlow: {
      tag,
      summary: 'Send the form of a registration flow',
      query: flow,
      reads: 'cookies',
      body: anyOf('updateRegistrationFlowBody', bodies),
      form: true,
      answers: {
        200: [schemas.successfulNativeRegistration, schemas.successfulNativeLogin],
        302: 'redirect',
        303: 'redirect',
        400: [schemas.registrationFlow, schemas.loginFlow, errorGeneric],
        403: errorGeneric,
        404: errorGeneric,
        410: expired,
        422: errorBrowserLocationChangeRequired,
      },
    },
  } as const satisfies Operations
}

/** @param bodies what the methods take, each under its public name */
export const settingsOperations = (bodies: readonly TSchema[]) => {
  const tooWeak = [errorAuthenticatorAssuranceLevelNotSatisfied, errorGeneric]
  return {
    createBrowserSettingsFlow: {
      tag,
      summary: 'Begin to change what belongs to oneself, in a browser',
      query: { return_to: returnTo, organization },
      reads: 'cookies',
      answers: {
        200: schemas.settingsFlow,
        303: 'redirect',
        400: errorGeneric,
        401: [errorCredentialsMissing, errorGeneric],
        403: tooWeak,
      },
    },
    createNativeSettingsFlow: {
      tag,
      summary: 'Begin to change what belongs to oneself, in a native app',
      query: { organization },
      reads: 'token',
      answers: { 200: schemas.settingsFlow, 400: errorGeneric, 401: errorGeneric, 403: tooWeak },
    },
    getSettingsFlow: {
      tag,
      summary: 'Read a settings flow',
      query: id,
      reads: 'session',
      answers: { 200: schemas.settingsFlow, 302: 'redirect', 401: errorGeneric, 403: tooWeak, ...gone },
    },
    updateSettingsFlow: {
      tag,
      summary: 'Send the form of a settings flow',
      query: flow,
      reads: 'session',
      body: anyOf('updateSettingsFlowBody', bodies),
      form: true,
      answers: {
        200: schemas.settingsFlow,
        302: 'redirect',
        303: 'redirect',
        400: [schemas.settingsFlow, errorGeneric],
        401: errorGeneric,
        403: [needsPrivilegedSessionError, ...tooWeak],
        404: errorGeneric,
        410: expired,
        422: errorBrowserLocationChangeRequired,
      },
    },
    getWellKnownChangePassword: {
      tag,
      summary: 'Where password managers send a person who wants another password',
      answers: { 303: 'redirect' },
    },
  } as const satisfies Operations
}

/** @param bodies what the methods take, each under its public name */
export const recoveryOperations = (bodies: readonly TSchema[]) =>
  ({
    createBrowserRecoveryFlow: {
      tag,
      summary: 'Begin to recover an account, in a browser',
      query: { return_to: returnTo, skip_settings: flag('Whether the settings are left out in the end.') },
      reads: 'cookies',
      answers: { 200: schemas.recoveryFlow, 303: 'redirect', 400: errorGeneric },
    },
    createNativeRecoveryFlow: {
      tag,
      summary: 'Begin to recover an account, in a native app',
      query: { return_to: returnTo },
      answers: { 200: schemas.recoveryFlow, 400: errorGeneric },
    },
    getRecoveryFlow: {
      tag,
      summary: 'Read a recovery flow',
      query: id,
      reads: 'cookies',
      answers: { 200: schemas.recoveryFlow, 400: errorGeneric, 403: errorGeneric, ...gone },
    },
    updateRecoveryFlow: {
      tag,
      summary: 'Send the form of a recovery flow',
      query: { ...flow, token: text('The token of a mailed link.') },
      reads: 'cookies',
      body: anyOf('updateRecoveryFlowBody', bodies),
      form: true,
      answers: {
        200: schemas.recoveryFlow,
        303: 'redirect',
        400: [schemas.recoveryFlow, errorGeneric],
        403: errorGeneric,
        404: errorGeneric,
        410: expired,
        422: errorBrowserLocationChangeRequired,
      },
    },
    createRecoveryCodeForIdentity: {
      tag: 'identity',
      summary: 'Make a code with which somebody recovers an account',
      body: schemas.createRecoveryCodeForIdentityBody,
      answers: { 201: schemas.recoveryCodeForIdentity, 400: errorGeneric, 404: errorGeneric },
    },
    createRecoveryLinkForIdentity: {
      tag: 'identity',
      summary: 'Make a link with which somebody recovers an account',
      query: { return_to: returnTo },
      body: schemas.createRecoveryLinkForIdentityBody,
      answers: { 200: schemas.recoveryLinkForIdentity, 400: errorGeneric, 404: errorGeneric },
    },
  }) as const satisfies Operations

/** @param bodies what the methods take, each under its public name */
export const verificationOperations = (bodies: readonly TSchema[]) =>
  ({
    createBrowserVerificationFlow: {
      tag,
      summary: 'Begin to verify an address, in a browser',
      query: { return_to: returnTo },
      answers: { 200: schemas.verificationFlow, 303: 'redirect', 400: errorGeneric },
    },
    createNativeVerificationFlow: {
      tag,
      summary: 'Begin to verify an address, in a native app',
      query: { return_to: returnTo },
      answers: { 200: schemas.verificationFlow, 400: errorGeneric },
    },
    getVerificationFlow: {
      tag,
      summary: 'Read a verification flow',
      query: id,
      reads: 'cookies',
      answers: { 200: schemas.verificationFlow, 400: errorGeneric, 403: errorGeneric, ...gone },
    },
    updateVerificationFlow: {
      tag,
      summary: 'Send the form of a verification flow',
      query: { ...flow, token: text('The token of a mailed link.') },
      reads: 'cookies',
      body: anyOf('updateVerificationFlowBody', bodies),
      form: true,
      answers: {
        200: schemas.verificationFlow,
        303: 'redirect',
        400: [schemas.verificationFlow, errorGeneric],
        403: errorGeneric,
        404: errorGeneric,
        410: [errorFlowReplaced, errorGeneric],
      },
    },
  }) as const satisfies Operations

export const logoutOperations = {
  createBrowserLogoutFlow: {
    tag,
    summary: 'Ask where a browser signs out',
    query: { return_to: returnTo },
    reads: 'cookies',
    answers: { 200: schemas.logoutFlow, 303: 'redirect', 400: errorGeneric, 401: errorGeneric },
  },
  updateLogoutFlow: {
    tag,
    summary: 'Sign out, in a browser',
    query: { token: text('The logout token of the session.'), return_to: returnTo },
    reads: 'cookies',
    answers: { 204: 'empty', 303: 'redirect', 400: errorGeneric, 401: errorGeneric, 403: errorGeneric },
  },
  performNativeLogout: {
    tag,
    summary: 'Sign out, in a native app',
    body: body('performNativeLogoutBody', { session_token: Type.String() }),
    answers: { 204: 'empty', 400: errorGeneric, 403: errorGeneric },
  },
} as const satisfies Operations

export const scriptOperations = {
  getWebAuthnJavaScript: {
    tag,
    summary: 'Load the script by which pages use security keys and passkeys',
    answers: { 200: 'text' },
  },
} as const satisfies Operations

export const errorOperations = {
  getFlowError: {
    tag,
    summary: 'Read why a browser was sent to the error page',
    query: { id: required('The id that stands in the address of the page.') },
    answers: { 200: flowError, 404: errorGeneric },
  },
} as const satisfies Operations

const anyOf = (name: string, bodies: readonly TSchema[]) =>
  Type.Union([...bodies], { $id: name, description: 'Which members count follows from the method.' })
