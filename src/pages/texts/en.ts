import type { Context } from './texts.ts'

let numbers: Intl.NumberFormat | undefined

/** Every text of the pages in English. Other languages have the same members; the compiler sees to it. */
export const en = {
  name: 'English',
  direction: 'ltr' as 'ltr' | 'rtl',

  skipToContent: 'Skip to content',
  language: 'Language',
  imprint: 'Imprint',
  privacy: 'Privacy',
  help: 'Help',
  account: 'Account',
  optional: 'optional',
  or: 'or',
  show: 'Show',
  hide: 'Hide',
  showPassword: 'Show password',
  copy: 'Copy',
  copied: 'Copied',
  needsScript: 'This way needs JavaScript, which is switched off in your browser.',
  chooseOne: 'Please choose',
  dateTimeHint: 'Write it like this: 2026-01-31T18:30:00Z',
  errorPrefix: 'Error',
  problemTitle: (count: number): string =>
    count === 1 ? 'Something is not right yet' : 'Some things are not right yet',
  nothingToAsk: 'There is nothing that you could do here.',
  startAgain: 'Start again',

  welcome: {
    title: (brand: string) => `Welcome to ${brand}`,
    lead: 'Sign in, or create an account in less than a minute.',
    signIn: 'Sign in',
    register: 'Create an account',
    signedOut: 'You are signed out.',
  },

  login: {
    title: 'Sign in',
    refreshTitle: 'Confirm that it is you',
    secondFactorTitle: 'One more step',
    as: 'You are signed in as',
    noAccount: 'No account yet?',
    register: 'Create one',
    forgot: 'Forgot your password?',
  },
  registration: { title: 'Create an account', haveAccount: 'You have an account already?', signIn: 'Sign in' },
  recovery: { title: 'Recover your account', back: 'Back to sign-in' },
  verification: { title: 'Verify your address', back: 'Back to your account' },

  settings: {
    title: 'Settings',
    lead: 'Each part is saved by itself.',
    savedTitle: (section: string) => `Saved: ${section}`,
    /** Titles and hints of the sections, by the group of their nodes. */
    groups: {
      default: ['General', ''],
      profile: ['Profile', 'What this account knows about you.'],
      password: ['Password', 'Use one that you use nowhere else. A sentence of several words is good.'],
      oidc: ['Linked accounts', 'Sign in with an account that you have elsewhere.'],
      saml: ['Linked accounts', 'Sign in with the account of your organization.'],
      totp: ['Authenticator app', 'An app on your phone shows a new code every half minute, as a second factor.'],
      lookup_secret: ['Backup codes', 'They let you in when your phone or key is lost. Each works once.'],
      webauthn: ['Security keys', 'A small device that you touch to confirm that it is you.'],
      passkey: ['Passkeys', 'Sign in with your fingerprint, your face or your device’s PIN.'],
      code: ['Codes by message', 'We send a code to your address.'],
      link: ['Links by message', 'We send a link to your address.'],
    } as Record<string, readonly [title: string, hint: string]>,
  },

  home: {
    title: 'Your account',
    hello: (name: string) => `Hello, ${name}`,
    about: 'About you',
    nothingKnown: 'Nothing is stored about you yet.',
    change: 'Change',
    sessions: 'Where you are signed in',
    sessionsHint: 'End what you do not recognize, and change your password then.',
    thisDevice: 'This device',
    unknownDevice: 'Unknown device',
    /** Browser and system, as in "Firefox on Linux". */
    device: (browser: string, system: string) => `${browser} on ${system}`,
    signedIn: 'Signed in',
    until: 'until',
    address: 'Address',
    end: 'Sign out there',
    endOf: (device: string) => `Sign out on: ${device}`,
    endOthers: 'Sign out everywhere else',
    noOthers: 'You are signed in nowhere else.',
    more: (count: number): string => (count === 1 ? 'And one more session.' : `And ${count} more sessions.`),
    ended: 'That session has ended.',
    othersEnded: 'All other sessions have ended.',
    yes: 'Yes',
    no: 'No',
  },

  logout: {
    link: 'Sign out',
    title: 'Sign out?',
    lead: 'You can sign in again at any time.',
    confirm: 'Sign out',
    stay: 'Stay signed in',
  },

  error: {
    title: 'That did not work',
    notFoundTitle: 'This is not here',
    notFound: 'This page is gone, or it never was. The link may be old.',
    denied: 'You are not allowed to do this.',
    wrong: 'What your browser sent could not be understood.',
    ours: 'Something went wrong on our side. Please try again in a moment.',
    busy: 'A lot is going on right now. Please try again in a moment.',
    noCookies: 'Your browser did not send our cookie. Please allow cookies for this site, then start again.',
    details: 'Details for support',
    code: 'Code',
    reason: 'Reason',
    id: 'Number of this error',
    request: 'Request',
    home: 'Back to the start',
    /** By the public ids of errors. */
    byId: {
      session_inactive: 'You are not signed in, or your session has ended.',
      session_already_available: 'You are signed in already.',
      session_aal1_required: 'Please sign in first.',
      session_aal2_required: 'This needs a second factor.',
      session_refresh_required: 'Please sign in again to confirm that it is you.',
      security_csrf_violation: 'This form was not opened in this browser, or it is too old. Please start again.',
      security_identity_mismatch: 'This form belongs to somebody else. Please start again.',
      self_service_flow_expired: 'This form was open for too long. Please start again.',
      self_service_flow_disabled: 'This is switched off here.',
      self_service_flow_return_to_forbidden:
        'The link wants to lead you to a place that is not on our list. For your safety it ends here.',
      browser_location_change_required: 'Please go on at another place.',
    } as Record<string, string>,
  },

  /** Why somebody sees a fresh form. */
  notices: {
    expired: 'The form that you had was open for too long. Here is a fresh one.',
    unknown: 'The form that you looked for is gone. Here is a fresh one.',
    other_browser:
      'The form that you looked for was opened in another browser, or before you signed in or out. Here is a fresh one.',
    other_person: 'The form that you looked for belongs to somebody else. Here is your own.',
    sign_in: 'Please sign in first. Then it goes on.',
  },

  /** Texts of messages come with them in English. Here are those that a page can say better: beside a field, or by Intl. */
  messages: {
    4000002: 'Fill this in.',
    4000034: ({ breaches }: Context) =>
      `This password was found in ${breaches === 1 ? 'a data breach' : `${(numbers ??= new Intl.NumberFormat('en')).format(Number(breaches))} data breaches`}. Choose one that nobody else knows.`,
  } as Record<number, string | ((context: Context) => string)>,
}
