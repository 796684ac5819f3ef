import type { Db } from '../db/db.ts'
import { ApiError, errors } from '../errors.ts'
import type { LoginHook } from '../flows/login/hook.ts'
import { showVerification, type StartedVerification } from '../flows/verification/start.ts'
import { redirect } from '../http/respond.ts'
import { beginVerifications, type VerificationHookDeps } from './verification.ts'

export type RequireVerifiedDeps = VerificationHookDeps & {
  db: Db
  /** Whether the login form just says so, `legacy_require_verified_login_error`. */
  saysSoOnForm: boolean
}

/** Lets nobody in who has not proven that an address is theirs, but sends something to prove it with. One verified address suffices. */
export const requireVerifiedAddress =
  (deps: RequireVerifiedDeps): LoginHook =>
  async ({ request, client, flow, method, identity }) => {
    const { verifiableAddresses } = identity
    // compat: in its older form the hook looks at passwords alone – selfservice/hook/address_verifier.go
    if (deps.saysSoOnForm && method !== 'password') return {}
    if (verifiableAddresses.length === 0) {
      throw errors.invalidConfiguration(
        'The hook require_verified_address needs an identity schema with an address to verify.',
      )
    }
    if (verifiableAddresses.some(({ verified }) => verified)) return {}
    if (deps.saysSoOnForm) throw notVerifiedOnForm()
    if (!deps.verification.settings.enabled) throw notVerified()

    const { statements, verification, onStored } = await beginVerifications(
      { ...deps, verifiesAll: false },
      { request, origin: flow, identity, addresses: verifiableAddresses, transientPayload: {} },
    )
    await deps.db.batch(statements)
    onStored()
    if (client === 'browser' && verification) return { instead: redirect(request, 303, verification.url) }
    throw notVerified(verification)
  }

/** The older form of the refusal. */
export const addressNotVerifiedId = 'address_not_verified'

const notVerifiedOnForm = () =>
  new ApiError({ id: addressNotVerifiedId, status: 400, message: 'Verify your address before you sign in.' })

// compat: the status is 403, the body says 400; apps get an address, too – selfservice/hook/address_verifier.go
const notVerified = (verification?: StartedVerification) =>
  new ApiError(
    {
      id: 'session_verified_address_required',
      status: 403,
      reason: 'Your address is not verified yet.',
      message: 'Verify your address before you sign in.',
      ...(verification ? { details: { continue_with: [showVerification(verification, { withUrl: true })] } } : {}),
    },
    { code: 400 },
  )
