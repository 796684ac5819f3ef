import type { Context } from './texts.ts'

let numbers: Intl.NumberFormat | undefined

/** What a provider of sign-ins said instead of who somebody is, by the error's name in OAuth. */
const refusals: Record<string, string> = {
  access_denied: 'The sign-in at the other site was ended. Nothing has changed here: try again, or go another way.',
  temporarily_unavailable:
    'The other site cannot sign anybody in at the moment. Please try again later, or go another way.',
  server_error: 'Something went wrong at the other site. Please try again later, or go another way.',
  login_required: 'Please sign in at the other site first, and then try again.',
  interaction_required: 'The other site has a question for you. Please try again, and answer it there.',
  consent_required: 'The other site needs your consent. Please try again, and agree there.',
}
const refusal = (reason: string): string => {
  const [, name = ''] = /^([a-z_]+): /.exec(reason) ?? []
  return Object.hasOwn(refusals, name) ? refusals[name]! : ''
}

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
  download: 'Download',
  print: 'Print',
  codesFile: 'backup-codes.txt',
  /** Behind a button that cannot be pressed yet. */
  inSeconds: 'in {seconds} s',
  otherWays: 'Another way',
  /** The ways to give a second factor, by the group of their nodes. */
  ways: {
    totp: 'Authenticator app',
    lookup_secret: 'Backup code',
    webauthn: 'Security key',
    passkey: 'Passkey',
    code: 'Code by message',
  } as Record<string, string>,
  /** Beside fields, by their names. */
  hints: {
    webauthn_register_displayname: 'A name by which you will know it again, such as “key ring”.',
    lookup_secret: 'One of the codes that you kept when you set them up. Each works once.',
  } as Record<string, string>,
  /** Why no answer came from a security key or passkey, by the name of the browser's error. */
  ceremony: {
    NotAllowedError: 'This was cancelled, or it took too long. You can try again.',
    AbortError: 'This was cancelled. You can try again.',
    InvalidStateError: 'This device or key is added already.',
    NotSupportedError: 'This device or key cannot be used here.',
    SecurityError: 'Your browser does not allow this at the address of this page.',
    ConstraintError: 'This device or key cannot check that it is you. Set up a PIN or a screen lock, and try again.',
    missing: 'Your browser cannot use passkeys and security keys here.',
    other: 'That did not work. Please try again.',
  } as Record<string, string>,
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
    otherWay: 'Go another way',
    signOut: 'Sign out',
  },
  registration: {
    title: 'Create an account',
    completeTitle: 'Almost done',
    completeLead: 'The other site has told us who you are. Please check it, and fill in what is missing.',
    haveAccount: 'You have an account already?',
    signIn: 'Sign in',
    otherWay: 'Go another way',
  },
  recovery: { title: 'Recover your account', back: 'Back to sign-in' },
  verification: { title: 'Verify your address', back: 'Back to your account' },

  settings: {
    title: 'Settings',
    lead: 'Each part is saved by itself.',
    savedTitle: (section: string) => `Saved: ${section}`,
    inUse: 'In use',
    notVerified: (address: string) => `${address} is not verified yet.`,
    states: {
      totpOn: 'When you sign in, you are asked for a code of your app.',
      totpNew: 'Scan this picture with the app, then type the code that it shows.',
      codesOn: 'You have backup codes.',
      codesShown: 'Cross out what you use. Make new codes when only a few are left.',
      codesNew: 'These codes do not work yet: keep them somewhere safe first, then confirm.',
    },
    unnamed: 'Without a name',
    added: 'Added on',
    remove: 'Remove',
    link: 'Connect',
    unlink: 'Disconnect',
    linked: 'Connected',
    lastWay: 'This is the last way in which you can sign in. Set up another one before you remove it.',
    /** Titles and hints of the sections, by the group of their nodes. */
    groups: {
      default: ['General', ''],
      profile: ['Profile', 'What this account knows about you.'],
      password: ['Password', 'Use one that you use nowhere else. A sentence of several words is good.'],
      oidc: ['Connected accounts', 'Sign in with an account that you have elsewhere.'],
      saml: ['Connected accounts', 'Sign in with the account of your organization.'],
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
    verified: 'Verified',
    verify: 'Verify',
    verifyOf: (address: string) => `Verify ${address}`,
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
    ours: 'Something went wrong on our side, or at a site that we asked. Please try again in a moment.',
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
      upstream_error: 'The other site did not answer as it should. Please try again later, or sign in another way.',
      browser_location_change_required: 'Please go on at another place.',
    } as Record<string, string>,
  },

  /** For operators who try the sign-in of a provider out. */
  test: {
    startTitle: 'Try a sign-in out',
    startLead:
      'Sign in as somebody whom the provider knows. You will see what it says of them; nobody is signed in here.',
    title: (provider: string) => `Test of “${provider}”`,
    lead: 'Nobody was signed in, and no account was made or changed.',
    passed: 'This sign-in works: the provider answered, and what the mapper makes of it fits the identity schema.',
    failed: 'This sign-in does not work yet.',
    problem: 'What went wrong',
    step: 'Step',
    /** The step that failed, by its name in the API. */
    steps: {
      state_validate: 'The browser came back to the address of another provider.',
      provider_denied: 'The provider said no, or somebody ended the sign-in there.',
      token_exchange: 'The provider gave no tokens for its code.',
      id_token_verify: 'The ID token did not pass our checks.',
      claims_decode: 'The claims do not say who somebody is, or cannot be read.',
      callback: 'The return from the provider could not be completed.',
      jsonnet_run: 'The data mapper did not run, or made something that is no identity.',
      schema_validate: 'What the mapper makes does not fit the identity schema.',
    } as Record<string, string>,
    said: 'Message',
    stderr: 'The mapper said',
    atPath: 'At',
    output: 'What the mapper made',
    outputHint: 'Traits and metadata of the identity as they would be stored.',
    claims: 'What the provider said',
    claimsHint: 'The claims as the mapper is given them.',
    userinfo: 'What its API said',
    userinfoHint: 'The answer of the provider’s userinfo or profile address.',
    mapper: 'Mapper',
    end: 'When you are done',
    endHint:
      'The result is kept until you delete it, or until the time of this test is over. Only this browser can read it.',
    remove: 'Delete this test',
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
    1010004: 'Confirm your sign-in with a second factor.',
    4000001: ({ reason }: Context) => refusal(String(reason)),
    4000002: 'Fill this in.',
    4000034: ({ breaches }: Context) =>
      `This password was found in ${breaches === 1 ? 'a data breach' : `${(numbers ??= new Intl.NumberFormat('en')).format(Number(breaches))} data breaches`}. Choose one that nobody else knows.`,
  } as Record<number, string | ((context: Context) => string)>,
}
