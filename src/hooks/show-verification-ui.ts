import type { LoginHook } from '../flows/login/hook.ts'
import type { RegistrationHook } from '../flows/registration/hook.ts'
import type { SettingsHook } from '../flows/settings/hook.ts'
import { showVerification, type StartedVerification } from '../flows/verification/start.ts'

// Leads to the page on which an address is verified, when its verification has begun.

const shown = (verification: StartedVerification | undefined) =>
  verification ? { continueWith: [showVerification(verification)], pageUrl: verification.url } : {}

export const showVerificationAfterRegistration: RegistrationHook = (_, { verification }) => shown(verification)

export const showVerificationAfterLogin: LoginHook = async (_, { verification }) => shown(verification)

/** compat: pages stay with the settings – selfservice/flow/settings/hook.go */
export const showVerificationAfterSettings: SettingsHook = (_, { verification }) =>
  verification ? { continueWith: [showVerification(verification)] } : {}
