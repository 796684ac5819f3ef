import type { RegistrationHook } from '../flows/registration/hook.ts'

/** Whoever has registered is signed in. */
export const sessionAfterRegistration: RegistrationHook = () => ({ signsIn: true })
