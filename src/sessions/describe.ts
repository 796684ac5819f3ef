import Type, { type TSchema } from 'typebox'
import { errorAuthenticatorAssuranceLevelNotSatisfied, errorGeneric } from '../http/error-schema.ts'
import type { Operations } from '../http/openapi.ts'
import { choice, flag, keysetQuery, pageHeaders, pageQuery, required, text } from '../http/schema.ts'
import * as schemas from './wire-schema.ts'

const expand = Type.Array(choice(['identity', 'devices']), { description: 'What is shown along; once for each.' })
const active = flag('Only those that still open doors, or only those that do not.')
const id = { id: 'The id of the session.' }
const identityId = { id: 'The id of the identity.' }
const tooWeak = [errorAuthenticatorAssuranceLevelNotSatisfied, errorGeneric]

/** What people do with their own sessions. @param flow what a login in a browser tab has come to so far */
export const sessionOperations = (flow: readonly TSchema[]) =>
  ({
    toSession: {
      tag: 'frontend',
      summary: 'Who is signed in',
      query: { tokenize_as: text('The template by which the session is also given as a JWT.') },
      reads: 'session',
      answers: { 200: schemas.session, 400: errorGeneric, 401: errorGeneric, 403: tooWeak },
      headers: { 'X-Kratos-Authenticated-Identity-Id': 'The id of the person.' },
    },
    listMySessions: {
      tag: 'frontend',
      summary: 'List the other sessions of the person who is signed in',
      query: pageQuery,
      reads: 'session',
      answers: { 200: Type.Array(schemas.session), 401: errorGeneric, 403: tooWeak },
      headers: pageHeaders,
    },
    disableMyOtherSessions: {
      tag: 'frontend',
      summary: 'End all other sessions of the person who is signed in',
      reads: 'session',
      answers: { 200: schemas.deleteMySessionsCount, 401: errorGeneric },
    },
    disableMySession: {
      tag: 'frontend',
      summary: 'End another session of the person who is signed in',
      params: id,
      reads: 'session',
      answers: { 204: 'empty', 400: errorGeneric, 401: errorGeneric },
    },
    exchangeSessionToken: {
      tag: 'frontend',
      summary: 'Turn two codes into the session of somebody who signed in through a browser tab',
      query: {
        init_code: required('The code that the app got with the flow.'),
        return_to_code: required('The code with which the browser came back.'),
      },
      answers: { 200: schemas.successfulCodeExchangeResponse, 400: errorGeneric, 404: errorGeneric, 422: flow },
    },
  }) satisfies Operations

/** What operators do with sessions. */
export const adminSessionOperations = {
  listSessions: {
    tag: 'identity',
    summary: 'List all sessions, the newest first',
    query: { ...keysetQuery, active, expand },
    answers: { 200: Type.Array(schemas.adminSession), 400: errorGeneric },
    headers: { Link: pageHeaders.Link },
  },
  manageSessions: {
    tag: 'identity',
    summary: 'End or delete many sessions at once',
    body: schemas.manageSessionsBody,
    answers: { 200: schemas.manageSessionsResponse, 400: errorGeneric },
  },
  getSession: {
    tag: 'identity',
    summary: 'Read a session',
    params: id,
    query: { expand },
    answers: { 200: schemas.adminSession, 400: errorGeneric, 404: errorGeneric },
  },
  disableSession: {
    tag: 'identity',
    summary: 'End a session',
    params: id,
    answers: { 204: 'empty', 400: errorGeneric, 404: errorGeneric },
  },
  extendSession: {
    tag: 'identity',
    summary: 'Give a session its whole lifespan again',
    params: id,
    answers: { 200: schemas.session, 204: 'empty', 400: errorGeneric, 404: errorGeneric },
  },
  listIdentitySessions: {
    tag: 'identity',
    summary: 'List the sessions of an identity, the newest first',
    params: identityId,
    query: { ...pageQuery, active },
    answers: { 200: Type.Array(schemas.adminSession), 400: errorGeneric },
    headers: pageHeaders,
  },
  deleteIdentitySessions: {
    tag: 'identity',
    summary: 'Delete all sessions of an identity',
    params: identityId,
    answers: { 204: 'empty', 400: errorGeneric, 404: errorGeneric },
  },
} satisfies Operations
