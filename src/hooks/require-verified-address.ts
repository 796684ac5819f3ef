import { ApiError, errors } from '../errors.ts'
import type { LoginHook } from '../flows/login/hook.ts'

/** Lets nobody in who has not proven that an address is theirs. One verified address suffices. */
export const requireVerifiedAddress: LoginHook = async ({ identity: { verifiableAddresses } }) => {
  if (verifiableAddresses.length === 0) {
    throw errors.invalidConfiguration(
      'The hook require_verified_address needs an identity schema with an address to verify.',
    )
  }
  if (!verifiableAddresses.some(({ verified }) => verified)) throw addressNotVerified()
}

// compat: the status is 403, the body says 400 – selfservice/hook/address_verifier.go
const addressNotVerified = () =>
  new ApiError(
    {
      id: 'session_verified_address_required',
      status: 403,
      reason: 'Your address is not verified yet.',
      message: 'Verify your address before you sign in.',
    },
    { code: 400 },
  )
