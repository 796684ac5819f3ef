import { anything, choice, either, list, object, optional, uriReference } from '../lib/shape.ts'
import { webHook as webHookConfig } from './web-hook/config.ts'

const plainHook = <const N extends string>(name: N) => object({ hook: choice([name]) })

const webHook = object({ hook: choice(['web_hook']), config: webHookConfig })
const organization = object({ hook: choice(['b2b_sso', 'organization']), config: optional(anything()) }, { open: true })
const revokeActiveSessions = plainHook('revoke_active_sessions')
const session = plainHook('session')
const requireVerifiedAddress = plainHook('require_verified_address')
const verification = plainHook('verification')
const showVerificationUi = plainHook('show_verification_ui')
const verifyNewAddress = plainHook('verify_new_address')
const notifyPreviousAddresses = object({
  hook: choice(['notify_previous_addresses']),
  config: object({ recipients: choice(['removed', 'all_verified', 'all'], 'removed') }),
})

const anywhere = list(either('hook', [webHook, organization]), { default: [], uniqueItems: true })
const returnUrl = { default_browser_return_url: optional(uriReference()) }
const before = object({ hooks: anywhere })

const afterLogin = list(
  either('hook', [
    revokeActiveSessions,
    requireVerifiedAddress,
    webHook,
    verification,
    showVerificationUi,
    organization,
  ]),
  { default: [], uniqueItems: true },
)
const loginMethod = object({ ...returnUrl, hooks: afterLogin })
const registrationMethod = object({
  ...returnUrl,
  hooks: list(either('hook', [session, webHook, showVerificationUi, organization]), { default: [], uniqueItems: true }),
})
const settingsMethod = object({
  ...returnUrl,
  hooks: list(either('hook', [webHook, revokeActiveSessions]), { default: [], uniqueItems: true }),
})

/** Flow × moment × method: where which hook may be configured. */
export const hookPoints = {
  login: {
    before,
    after: object({
      ...returnUrl,
      hooks: afterLogin,
      password: loginMethod,
      webauthn: loginMethod,
      passkey: loginMethod,
      code: loginMethod,
      totp: loginMethod,
      lookup_secret: loginMethod,
      oidc: object({
        ...returnUrl,
        hooks: list(either('hook', [revokeActiveSessions, webHook, requireVerifiedAddress, organization]), {
          default: [],
          uniqueItems: true,
        }),
      }),
    }),
  },
  registration: {
    before,
    after: object({
      ...returnUrl,
      hooks: anywhere,
      password: registrationMethod,
      webauthn: registrationMethod,
      passkey: registrationMethod,
      oidc: registrationMethod,
      code: registrationMethod,
    }),
  },
  settings: {
    before,
    after: object({
      ...returnUrl,
      hooks: anywhere,
      password: settingsMethod,
      totp: settingsMethod,
      oidc: settingsMethod,
      webauthn: settingsMethod,
      passkey: settingsMethod,
      lookup_secret: settingsMethod,
      profile: object({
        ...returnUrl,
        hooks: list(
          either('hook', [webHook, showVerificationUi, organization, verifyNewAddress, notifyPreviousAddresses]),
          { default: [], uniqueItems: true },
        ),
      }),
    }),
  },
  verification: { before, after: object({ ...returnUrl, hooks: anywhere }) },
  recovery: {
    before,
    after: object({
      ...returnUrl,
      hooks: list(either('hook', [webHook, revokeActiveSessions]), { default: [], uniqueItems: true }),
    }),
  },
}
