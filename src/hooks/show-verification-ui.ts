import type { RegistrationHook } from '../flows/registration/hook.ts'

/** Leads to the page on which an address is verified, when its verification has begun. */
export const showVerificationAfterRegistration: RegistrationHook = ({ flow }, { verification }) => {
  if (!verification) return {}
  const { flowId, address, url } = verification
  const target = { id: flowId, verifiable_address: address, ...(flow.type === 'browser' ? { url } : {}) }
  return { continueWith: [{ action: 'show_verification_ui', flow: target }], pageUrl: url }
}
