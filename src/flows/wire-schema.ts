import Type, { type Static } from 'typebox'
import { body, choice, moment, named, nullable, openObject, uuid } from '../http/schema.ts'
import type { Aal } from '../identities/identity.ts'
import type { Json } from '../lib/json.ts'
import { publicIdentity } from '../identities/wire-schema.ts'
import { session } from '../sessions/wire-schema.ts'
import { uiContainer } from '../ui/wire-schema.ts'

const verificationUi = named('continueWithVerificationUi', {
  action: Type.Literal('show_verification_ui'),
  flow: named('continueWithVerificationUiFlow', {
    id: uuid,
    verifiable_address: Type.String(),
    url: Type.Optional(Type.String({ description: 'For browsers only.' })),
  }),
})
const redirectBrowserTo = named('continueWithRedirectBrowserTo', {
  action: Type.Literal('redirect_browser_to'),
  redirect_browser_to: Type.String(),
})
const setSessionToken = named('continueWithSetOrySessionToken', {
  action: Type.Literal('set_ory_session_token'),
  ory_session_token: Type.String(),
})

const settingsUi = named('continueWithSettingsUi', {
  action: Type.Literal('show_settings_ui'),
  flow: named('continueWithSettingsUiFlow', { id: uuid, url: Type.Optional(Type.String()) }),
})
const recoveryUi = named('continueWithRecoveryUi', {
  action: Type.Literal('show_recovery_ui'),
  flow: named('continueWithRecoveryUiFlow', { id: uuid, url: Type.Optional(Type.String()) }),
})

/** Where to go next, for clients that are told rather than sent. */
export const continueWith = Type.Union([verificationUi, redirectBrowserTo, setSessionToken, settingsUi, recoveryUi], {
  $id: 'continueWith',
})
export type ContinueWith = Static<typeof continueWith>

const continueWithList = nullable(Type.Array(continueWith))

const flowType = choice(['browser', 'api'], 'selfServiceFlowType')
const transientPayload = Type.Unsafe<Json>({
  type: 'object',
  additionalProperties: true,
  description: 'What the client gave along for web hooks.',
})

export const oauth2LoginRequest = named(
  'OAuth2LoginRequest',
  {
    challenge: Type.String(),
    client: openObject('The client of the OAuth2 server, without its secrets.'),
    oidc_context: Type.Optional(openObject('What the client asked for by OpenID Connect.')),
    request_url: Type.String({ description: 'The address with which the OAuth2 login began.' }),
    requested_access_token_audience: Type.Optional(Type.Array(Type.String())),
    requested_scope: Type.Optional(Type.Array(Type.String())),
    session_id: Type.Optional(Type.String()),
    skip: Type.Boolean({ description: 'Whether the OAuth2 server knows already who it is.' }),
    subject: Type.String({ description: 'Who that is; empty when it is unknown.' }),
  },
  'A sign-in that an OAuth2 server asks for.',
)
export type OAuth2LoginRequest = Static<typeof oauth2LoginRequest>

/** What the flows begin with, in this order. */
const beginning = {
  id: uuid,
  organization_id: nullable(uuid),
  type: flowType,
  expires_at: moment,
  issued_at: moment,
  request_url: Type.String({ description: 'The address with which the flow was created.' }),
  return_to: Type.Optional(Type.String()),
  active: Type.Optional(Type.String({ description: 'The method that was used last.' })),
  ui: uiContainer,
}
const chosen = {
  oauth2_login_challenge: Type.Optional(Type.String()),
  oauth2_login_request: Type.Optional(oauth2LoginRequest),
  session_token_exchange_code: Type.Optional(
    Type.String({ description: 'Only in the answer that creates a native flow.' }),
  ),
  transient_payload: Type.Optional(transientPayload),
  identity_schema: Type.Optional(
    Type.String({ description: 'The schema that was asked for when the flow was created.' }),
  ),
}
/** Records keep the state as a text; what it can be is said here. */
const state = (words: string[]) => Type.Unsafe<string>({ type: 'string', enum: words })
const stateOfSignIn = state(['choose_method', 'sent_email', 'passed_challenge'])

const testStepError = named('loginFlowTestStepError', {
  step: choice([
    'state_validate',
    'provider_denied',
    'token_exchange',
    'id_token_verify',
    'claims_decode',
    'callback',
    'jsonnet_run',
    'schema_validate',
  ]),
  reason: Type.String({ description: 'What kind of failure it was, in one word.' }),
  message: Type.String({ description: 'What went wrong.' }),
})
const testDebugPayload = named('loginFlowTestDebugPayload', {
  id_token_claims: Type.Optional(openObject('What the provider says of the person, as mappers see it.')),
  userinfo: Type.Optional(openObject("What the provider's APIs said, where they were asked.")),
  jsonnet_mapper_url: Type.Optional(Type.String({ description: 'Where the mapper was read from.' })),
  jsonnet_input: Type.Optional(openObject('The claims that the mapper was given.')),
  jsonnet_output: Type.Optional(openObject('What the mapper made of them.')),
  jsonnet_stderr: Type.Optional(Type.String({ description: 'What the mapper complained about.' })),
  schema_validation_errors: Type.Optional(
    Type.Array(
      named('loginFlowTestSchemaValidationError', {
        path: Type.String({ description: 'Which trait it is about, as a JSON pointer.' }),
        message: Type.String(),
      }),
      { description: 'What the identity schema says against the traits.' },
    ),
  ),
  error: Type.Optional(testStepError),
})
/** Which provider a flow tries out, and what came of it. */
const testContext = named('loginFlowTestContext', {
  provider_id: Type.String({ description: 'The provider that is tried out.' }),
  debug_payload: Type.Optional(testDebugPayload),
})
export type TestContext = Static<typeof testContext>
export type TestDebugPayload = Static<typeof testDebugPayload>
export const createTestLoginFlowBody = body('createTestLoginFlowBody', {
  provider_id: Type.String({ minLength: 1, maxLength: 255, description: 'The provider to try out.' }),
})

export const loginFlow = named('loginFlow', {
  ...beginning,
  ...chosen,
  created_at: moment,
  updated_at: moment,
  refresh: Type.Boolean({ description: 'Whether somebody who is signed in has to do so again.' }),
  requested_aal: Type.Unsafe<Aal>({ type: 'string', enum: ['aal1', 'aal2'] }),
  state: stateOfSignIn,
  test_context: Type.Optional(testContext),
})
export const registrationFlow = named('registrationFlow', { ...beginning, ...chosen, state: stateOfSignIn })
export const settingsFlow = named('settingsFlow', {
  ...beginning,
  identity: publicIdentity,
  state: state(['show_form', 'success']),
  transient_payload: Type.Optional(transientPayload),
  continue_with: Type.Optional(Type.Array(continueWith)),
})

/** What the flows that send a code or link begin with. */
const mailed = {
  id: uuid,
  type: flowType,
  expires_at: moment,
  issued_at: moment,
  request_url: Type.String({ description: 'The address with which the flow was created.' }),
  return_to: Type.Optional(Type.String()),
  active: Type.Optional(Type.String({ description: 'The method that the flow uses.' })),
  ui: uiContainer,
  transient_payload: Type.Optional(transientPayload),
}
export const recoveryFlow = named('recoveryFlow', {
  ...mailed,
  state: state([
    'choose_method',
    'sent_email',
    'passed_challenge',
    'recovery_awaiting_address',
    'recovery_awaiting_address_choice',
    'recovery_confirming_address',
    'recovery_awaiting_code',
  ]),
  continue_with: Type.Optional(Type.Array(continueWith)),
})
export const verificationFlow = named('verificationFlow', { ...mailed, state: stateOfSignIn })

const expiresIn = Type.Optional(Type.String({ description: 'How long it is good for, such as 1h or 30m.' }))
const identityId = Type.String({ format: 'uuid', description: 'Whose account it is.' })
export const createRecoveryCodeForIdentityBody = body('createRecoveryCodeForIdentityBody', {
  identity_id: identityId,
  expires_in: expiresIn,
  flow_type: Type.Optional(choice(['browser', 'api'])),
})
export const createRecoveryLinkForIdentityBody = body('createRecoveryLinkForIdentityBody', {
  identity_id: identityId,
  expires_in: expiresIn,
})

export const recoveryCodeForIdentity = named('recoveryCodeForIdentity', {
  recovery_link: Type.String({ description: 'The page on which the code is typed.' }),
  recovery_code: Type.String(),
  expires_at: Type.Optional(moment),
})
export const recoveryLinkForIdentity = named('recoveryLinkForIdentity', {
  recovery_link: Type.String({ description: 'Whoever opens it first is signed in.' }),
  expires_at: Type.Optional(moment),
})

export const logoutFlow = named('logoutFlow', {
  logout_token: Type.String(),
  logout_url: Type.String({ description: 'Opened in the browser, it signs the person out.' }),
})

const sessionToken = Type.Optional(Type.String({ description: 'For native apps only; browsers get a cookie.' }))
export const successfulNativeLogin = named('successfulNativeLogin', {
  session_token: sessionToken,
  session,
  continue_with: continueWithList,
})
export const successfulNativeRegistration = named('successfulNativeRegistration', {
  session_token: sessionToken,
  session: Type.Optional(session),
  identity: publicIdentity,
  continue_with: continueWithList,
})

export type LoginFlow = Static<typeof loginFlow>
export type RegistrationFlow = Static<typeof registrationFlow>
export type SettingsFlow = Static<typeof settingsFlow>
export type RecoveryFlow = Static<typeof recoveryFlow>
export type VerificationFlow = Static<typeof verificationFlow>
export type RecoveryCodeForIdentity = Static<typeof recoveryCodeForIdentity>
export type RecoveryLinkForIdentity = Static<typeof recoveryLinkForIdentity>
export type LogoutFlow = Static<typeof logoutFlow>
export type SuccessfulNativeLogin = Static<typeof successfulNativeLogin>
export type SuccessfulNativeRegistration = Static<typeof successfulNativeRegistration>
