import { rfc3339 } from '../lib/clock.ts'
import type { Json } from '../lib/json.ts'
import type { PublicIdentityView } from '../identities/wire-schema.ts'
import type { UiContainer } from '../ui/wire-schema.ts'
import { returnToOf, type Flow, type Ui } from './flow.ts'
import type {
  ContinueWith,
  LoginFlow,
  OAuth2LoginRequest,
  RecoveryFlow,
  RegistrationFlow,
  SettingsFlow,
  VerificationFlow,
} from './wire-schema.ts'

export type { ContinueWith }

export type FlowExtras = {
  /** Only in the answers that say so; never stored. */
  transientPayload?: Json
  /** Only in the answer that creates a native flow. */
  exchangeCode?: string
  /** Looked up for each answer. */
  loginRequest?: OAuth2LoginRequest
  continueWith?: readonly ContinueWith[]
}

export const uiObject = ({ action, method, nodes, messages }: Ui): UiContainer => ({
  action,
  method,
  nodes,
  ...(messages.length === 0 ? {} : { messages }),
})

const times = (flow: Flow) => ({ expires_at: rfc3339(flow.expiresAt), issued_at: rfc3339(flow.issuedAt) })
const returnTo = (flow: Flow) => {
  const value = returnToOf(flow)
  return value === '' ? {} : { return_to: value }
}

/** What flows have in common that end with somebody signed in. */
const commonToSignIn = (flow: Flow, loginRequest: FlowExtras['loginRequest']) => ({
  id: flow.id,
  organization_id: flow.organizationId,
  ...(flow.loginChallenge ? { oauth2_login_challenge: flow.loginChallenge } : {}),
  ...(loginRequest ? { oauth2_login_request: loginRequest } : {}),
  type: flow.type,
  ...times(flow),
  request_url: flow.requestUrl,
  ...returnTo(flow),
  ...(flow.active ? { active: flow.active } : {}),
  ui: uiObject(flow.ui),
})

export const loginFlow = (
  flow: Flow,
  { transientPayload, exchangeCode, loginRequest }: FlowExtras = {},
): LoginFlow => ({
  ...commonToSignIn(flow, loginRequest),
  created_at: rfc3339(flow.createdAt),
  updated_at: rfc3339(flow.updatedAt),
  refresh: flow.refresh ?? false,
  requested_aal: flow.requestedAal ?? 'aal1',
  ...(exchangeCode ? { session_token_exchange_code: exchangeCode } : {}),
  state: flow.state,
  ...(transientPayload === undefined ? {} : { transient_payload: transientPayload }),
  ...(flow.identitySchema ? { identity_schema: flow.identitySchema } : {}),
  ...(flow.testContext ? { test_context: flow.testContext } : {}),
})

export const registrationFlow = (
  flow: Flow,
  { transientPayload, exchangeCode, loginRequest }: FlowExtras = {},
): RegistrationFlow => ({
  ...commonToSignIn(flow, loginRequest),
  ...(exchangeCode ? { session_token_exchange_code: exchangeCode } : {}),
  state: flow.state,
  ...(transientPayload === undefined ? {} : { transient_payload: transientPayload }),
  ...(flow.identitySchema ? { identity_schema: flow.identitySchema } : {}),
})

/** @param identity the public view of the flow's identity, as it is now */
export const settingsFlow = (
  flow: Flow,
  identity: PublicIdentityView,
  { continueWith = [], transientPayload }: FlowExtras = {},
): SettingsFlow => ({
  id: flow.id,
  organization_id: flow.organizationId,
  type: flow.type,
  ...times(flow),
  request_url: flow.requestUrl,
  ...returnTo(flow),
  ...(flow.active ? { active: flow.active } : {}),
  ui: uiObject(flow.ui),
  identity,
  state: flow.state,
  ...(transientPayload === undefined ? {} : { transient_payload: transientPayload }),
  ...(continueWith.length === 0 ? {} : { continue_with: [...continueWith] }),
})

const mailedFlow = (flow: Flow, { transientPayload }: FlowExtras) => ({
  id: flow.id,
  type: flow.type,
  ...times(flow),
  request_url: flow.requestUrl,
  ...returnTo(flow),
  ...(flow.active ? { active: flow.active } : {}),
  ui: uiObject(flow.ui),
  state: flow.state,
  ...(transientPayload === undefined ? {} : { transient_payload: transientPayload }),
})

export const recoveryFlow = (flow: Flow, extras: FlowExtras = {}): RecoveryFlow => ({
  ...mailedFlow(flow, extras),
  ...(extras.continueWith && extras.continueWith.length > 0 ? { continue_with: [...extras.continueWith] } : {}),
})

export const verificationFlow = (flow: Flow, extras: FlowExtras = {}): VerificationFlow => mailedFlow(flow, extras)
