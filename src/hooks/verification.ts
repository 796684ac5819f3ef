import type { Statement } from '../db/db.ts'
import type { Flow } from '../flows/flow.ts'
import type { LoginHook } from '../flows/login/hook.ts'
import type { Outbox } from '../flows/outbox.ts'
import type { RegistrationHook } from '../flows/registration/hook.ts'
import type { SettingsHook } from '../flows/settings/hook.ts'
import type { VerificationStartDeps } from '../flows/verification/deps.ts'
import { showVerification, startVerification, type StartedVerification } from '../flows/verification/start.ts'
import { withAddress } from '../identities/address.ts'
import type { Identity, VerifiableAddress } from '../identities/identity.ts'
import type { Json } from '../lib/json.ts'
import type { ContinueWith } from '../flows/wire.ts'

export type VerificationHookDeps = {
  verification: VerificationStartDeps
  outbox: Outbox
  /** Whether every address is verified at once, and told about without being asked, `legacy_continue_with_verification_ui`. */
  verifiesAll: boolean
}

type Begun<I extends Identity> = {
  identity: I
  statements: readonly Statement[]
  continueWith: readonly ContinueWith[]
  verification?: StartedVerification
  onStored: () => void
}

/** Begins to verify the first of some addresses, or with `verifiesAll` each of them. */
export async function beginVerifications<I extends Identity>(
  { verification, outbox, verifiesAll }: VerificationHookDeps,
  {
    request,
    origin,
    identity,
    addresses,
    transientPayload,
  }: {
    request: Parameters<typeof startVerification>[1]['request']
    origin: Flow
    identity: I
    addresses: readonly VerifiableAddress[]
    transientPayload: Json
  },
): Promise<Begun<I>> {
  // Links are only ever mailed.
  const usable = addresses.filter(
    ({ value, via }) => value !== '' && (via === 'email' || verification.settings.use === 'code'),
  )
  const started: StartedVerification[] = []
  let current = identity
  for (const { via, value } of usable.slice(0, verifiesAll ? undefined : 1)) {
    const target = { identity, via, address: value }
    started.push(await startVerification(verification, { request, origin, target, transientPayload }))
    current = withAddress(current, { via, value }, { status: 'sent', updatedAt: verification.clock.now() })
  }
  const last = started.at(-1)
  return {
    identity: current,
    statements: started.flatMap(({ statements }) => statements),
    continueWith: verifiesAll ? started.map((each) => showVerification(each)) : [],
    ...(last ? { verification: last } : {}),
    onStored: () => {
      if (last) outbox.notify()
    },
  }
}

const unverified = ({ verifiableAddresses }: Identity): VerifiableAddress[] =>
  verifiableAddresses.filter(({ verified }) => !verified)

/** Whoever registers is asked to verify their address. */
export const verificationAfterRegistration =
  (deps: VerificationHookDeps): RegistrationHook =>
  ({ request, flow, identity, transientPayload }) => {
    // compat: the browser gets a new secret, also when nobody is signed in – selfservice/hook/verification.go
    if (flow.type === 'browser' && unverified(identity).length > 0) request.csrf.rotate()
    return beginVerifications(deps, {
      request,
      origin: flow,
      identity,
      addresses: unverified(identity),
      transientPayload,
    })
  }

/** Whoever signs in with an address that is not verified is asked to verify it. */
export const verificationAfterLogin =
  (deps: VerificationHookDeps): LoginHook =>
  async ({ request, current, flow, identity }) => {
    if ((flow.requestedAal ?? 'aal1') !== 'aal1') return {}
    // The browser is about to get a new secret, and the form of the verification has to fit that one.
    if (flow.type === 'browser' && current?.identity.id !== identity.id) request.csrf.rotate()
    return beginVerifications(deps, {
      request,
      origin: flow,
      identity,
      addresses: unverified(identity),
      transientPayload: {},
    })
  }

/** Whoever changes an address is asked to verify the new one. */
export const verificationAfterSettings =
  (deps: VerificationHookDeps): SettingsHook =>
  ({ request, flow, identity }) =>
    beginVerifications(deps, {
      request,
      origin: flow,
      identity,
      addresses: identity.verifiableAddresses.filter(({ status }) => status === 'pending'),
      transientPayload: {},
    })
