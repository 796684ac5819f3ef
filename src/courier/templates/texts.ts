import type { TemplateName, TextTemplateName } from '../message.ts'
import type { Language } from './language.ts'

/** What a text is made of. Everything is plain text: escaping is the renderer's business. */
export type Facts = {
  /** The code, where the message brings one. */
  code: string
  /** The link, where it brings one. */
  url: string
  minutes: number
  /** When something happened, as the person may read it. */
  moment: string
}

/** A paragraph, the code on a line of its own, or a link with the words on its button. */
export type Part = string | { code: true } | { link: string }

export type MailText = { subject: string; heading: string; parts: Part[] }

type Texts = {
  mails: Record<TemplateName, (facts: Facts) => MailText>
  /** The lines above the one that binds the code to its site. */
  texts: Record<TextTemplateName, (facts: Facts) => string>
  /** The last line of every mail. */
  footer: string
  /** Above the address under a button. */
  addressOfButton: string
}

const en: Texts = {
  mails: {
    recovery_code_valid: ({ code, minutes }) => ({
      subject: `${code} is your recovery code`,
      heading: 'Recover your account',
      parts: [
        'Hello,',
        'use this code to get back into your account:',
        { code: true },
        `It works once, for ${minutesEn(minutes)}.`,
        'If you did not ask for it, you need not do anything: without the code nobody gets in. Never pass it on to anybody.',
      ],
    }),
    recovery_valid: ({ minutes }) => ({
      subject: 'Recover your account',
      heading: 'Recover your account',
      parts: [
        'Hello,',
        'use this link to get back into your account:',
        { link: 'Recover my account' },
        `It works once, for ${minutesEn(minutes)}.`,
        'If you did not ask for it, you need not do anything. Never pass the link on to anybody.',
      ],
    }),
    recovery_code_invalid: () => unknownEn('recover an account'),
    recovery_invalid: () => unknownEn('recover an account'),
    verification_code_valid: ({ code, minutes, url }) => ({
      subject: `${code} confirms your e-mail address`,
      heading: 'Confirm your e-mail address',
      parts: [
        'Hello,',
        'please confirm that this e-mail address is yours. Enter this code:',
        { code: true },
        ...(url === '' ? [] : ['Or use this link, which fills in the code for you:', { link: 'Confirm my address' }]),
        url === '' ? `It works for ${minutesEn(minutes)}.` : `Both work for ${minutesEn(minutes)}.`,
        'If you know nothing of this, you need not do anything.',
      ],
    }),
    verification_valid: ({ minutes }) => ({
      subject: 'Confirm your e-mail address',
      heading: 'Confirm your e-mail address',
      parts: [
        'Hello,',
        'please confirm that this e-mail address is yours:',
        { link: 'Confirm my address' },
        `The link works for ${minutesEn(minutes)}.`,
        'If you know nothing of this, you need not do anything.',
      ],
    }),
    verification_code_invalid: () => unknownEn('confirm this e-mail address'),
    verification_invalid: () => unknownEn('confirm this e-mail address'),
    login_code_valid: ({ code, minutes }) => ({
      subject: `${code} is your sign-in code`,
      heading: 'Sign in',
      parts: [
        'Hello,',
        'use this code to sign in:',
        { code: true },
        `It works once, for ${minutesEn(minutes)}.`,
        'If you are not signing in right now, somebody may be trying to. Without the code nobody gets in, so never pass it on.',
      ],
    }),
    registration_code_valid: ({ code, minutes }) => ({
      subject: `${code} completes your registration`,
      heading: 'Complete your registration',
      parts: [
        'Welcome,',
        'use this code to complete your registration:',
        { code: true },
        `It works once, for ${minutesEn(minutes)}.`,
        'If you did not register, you need not do anything: without the code no account is made.',
      ],
    }),
    verifiable_address_changed: ({ moment }) => ({
      subject: 'The contact addresses of your account were changed',
      heading: 'Your contact addresses were changed',
      parts: [
        'Hello,',
        `the e-mail addresses or phone numbers of your account were changed on ${moment}.`,
        'You get this message at the address that was known before. If it was you, all is well.',
        'If it was not you, somebody else has access to your account. Recover it, change your password, and tell the people who run this service.',
      ],
    }),
  },
  texts: {
    recovery_code_valid: ({ code }) => `${code} is your recovery code. Never pass it on.`,
    verification_code_valid: ({ code }) => `${code} is your code to confirm this phone number.`,
    login_code_valid: ({ code }) => `${code} is your sign-in code. Never pass it on.`,
    registration_code_valid: ({ code }) => `${code} is your code to complete your registration.`,
    verifiable_address_changed: ({ moment }) =>
      `The contact addresses of your account were changed on ${moment}. If it was not you, recover your account at once.`,
  },
  footer: 'This message was sent automatically. Answers to it may not be read.',
  addressOfButton: 'If the button does not work, open this address:',
}

function unknownEn(purpose: string): MailText {
  return {
    subject: 'There is no account with this address',
    heading: 'There is no account with this address',
    parts: [
      'Hello,',
      `you, or somebody else, asked to ${purpose}. But no account here uses this e-mail address.`,
      'If it was you: perhaps you registered with another address. Try that one, or register anew.',
      'If it was not you, you need not do anything.',
    ],
  }
}

const minutesEn = (minutes: number): string => amount(minutes, ['minute', 'minutes'], ['hour', 'hours'])

const de: Texts = {
  mails: {
    recovery_code_valid: ({ code, minutes }) => ({
      subject: `${code} ist Ihr Wiederherstellungscode`,
      heading: 'Konto wiederherstellen',
      parts: [
        'Guten Tag,',
        'mit diesem Code kommen Sie wieder in Ihr Konto:',
        { code: true },
        `Er gilt einmal, ${minutesDe(minutes)} lang.`,
        'Wenn Sie ihn nicht angefordert haben, müssen Sie nichts tun: Ohne den Code kommt niemand hinein. Geben Sie ihn nie weiter.',
      ],
    }),
    recovery_valid: ({ minutes }) => ({
      subject: 'Konto wiederherstellen',
      heading: 'Konto wiederherstellen',
      parts: [
        'Guten Tag,',
        'mit diesem Link kommen Sie wieder in Ihr Konto:',
        { link: 'Mein Konto wiederherstellen' },
        `Er gilt einmal, ${minutesDe(minutes)} lang.`,
        'Wenn Sie ihn nicht angefordert haben, müssen Sie nichts tun. Geben Sie den Link nie weiter.',
      ],
    }),
    recovery_code_invalid: () => unknownDe('ein Konto wiederherzustellen'),
    recovery_invalid: () => unknownDe('ein Konto wiederherzustellen'),
    verification_code_valid: ({ code, minutes, url }) => ({
      subject: `${code} bestätigt Ihre E-Mail-Adresse`,
      heading: 'E-Mail-Adresse bestätigen',
      parts: [
        'Guten Tag,',
        'bitte bestätigen Sie, dass diese E-Mail-Adresse Ihnen gehört. Geben Sie diesen Code ein:',
        { code: true },
        ...(url === ''
          ? []
          : ['Oder öffnen Sie diesen Link, der den Code für Sie einträgt:', { link: 'Meine Adresse bestätigen' }]),
        url === '' ? `Er gilt ${minutesDe(minutes)} lang.` : `Beide gelten ${minutesDe(minutes)} lang.`,
        'Wenn Sie davon nichts wissen, müssen Sie nichts tun.',
      ],
    }),
    verification_valid: ({ minutes }) => ({
      subject: 'E-Mail-Adresse bestätigen',
      heading: 'E-Mail-Adresse bestätigen',
      parts: [
        'Guten Tag,',
        'bitte bestätigen Sie, dass diese E-Mail-Adresse Ihnen gehört:',
        { link: 'Meine Adresse bestätigen' },
        `Der Link gilt ${minutesDe(minutes)} lang.`,
        'Wenn Sie davon nichts wissen, müssen Sie nichts tun.',
      ],
    }),
    verification_code_invalid: () => unknownDe('diese E-Mail-Adresse zu bestätigen'),
    verification_invalid: () => unknownDe('diese E-Mail-Adresse zu bestätigen'),
    login_code_valid: ({ code, minutes }) => ({
      subject: `${code} ist Ihr Anmeldecode`,
      heading: 'Anmelden',
      parts: [
        'Guten Tag,',
        'mit diesem Code melden Sie sich an:',
        { code: true },
        `Er gilt einmal, ${minutesDe(minutes)} lang.`,
        'Wenn Sie sich gerade nicht anmelden, versucht es vielleicht jemand anders. Ohne den Code kommt niemand hinein, geben Sie ihn also nie weiter.',
      ],
    }),
    registration_code_valid: ({ code, minutes }) => ({
      subject: `${code} schließt Ihre Registrierung ab`,
      heading: 'Registrierung abschließen',
      parts: [
        'Willkommen,',
        'mit diesem Code schließen Sie Ihre Registrierung ab:',
        { code: true },
        `Er gilt einmal, ${minutesDe(minutes)} lang.`,
        'Wenn Sie sich nicht registriert haben, müssen Sie nichts tun: Ohne den Code entsteht kein Konto.',
      ],
    }),
    verifiable_address_changed: ({ moment }) => ({
      subject: 'Die Kontaktadressen Ihres Kontos wurden geändert',
      heading: 'Ihre Kontaktadressen wurden geändert',
      parts: [
        'Guten Tag,',
        `die E-Mail-Adressen oder Telefonnummern Ihres Kontos wurden geändert, am ${moment}.`,
        'Sie erhalten diese Nachricht an der bisher bekannten Adresse. Wenn Sie es selbst waren, ist alles in Ordnung.',
        'Wenn nicht, hat jemand anders Zugang zu Ihrem Konto. Stellen Sie es wieder her, ändern Sie Ihr Passwort, und sagen Sie es denen, die diesen Dienst betreiben.',
      ],
    }),
  },
  texts: {
    recovery_code_valid: ({ code }) => `${code} ist Ihr Wiederherstellungscode. Geben Sie ihn nie weiter.`,
    verification_code_valid: ({ code }) => `${code} ist Ihr Code, um diese Telefonnummer zu bestätigen.`,
    login_code_valid: ({ code }) => `${code} ist Ihr Anmeldecode. Geben Sie ihn nie weiter.`,
    registration_code_valid: ({ code }) => `${code} ist Ihr Code, um die Registrierung abzuschließen.`,
    verifiable_address_changed: ({ moment }) =>
      `Die Kontaktadressen Ihres Kontos wurden geändert, am ${moment}. Wenn Sie es nicht waren, stellen Sie Ihr Konto gleich wieder her.`,
  },
  footer: 'Diese Nachricht wurde automatisch verschickt. Antworten darauf liest vielleicht niemand.',
  addressOfButton: 'Falls der Knopf nicht funktioniert, öffnen Sie diese Adresse:',
}

function unknownDe(purpose: string): MailText {
  return {
    subject: 'Zu dieser Adresse gibt es kein Konto',
    heading: 'Zu dieser Adresse gibt es kein Konto',
    parts: [
      'Guten Tag,',
      `Sie oder jemand anders wollte versuchen, ${purpose}. Aber kein Konto hier verwendet diese E-Mail-Adresse.`,
      'Wenn Sie es waren: Vielleicht haben Sie sich mit einer anderen Adresse registriert. Versuchen Sie es mit dieser, oder registrieren Sie sich neu.',
      'Wenn nicht, müssen Sie nichts tun.',
    ],
  }
}

const minutesDe = (minutes: number): string => amount(minutes, ['Minute', 'Minuten'], ['Stunde', 'Stunden'])

/** Whole hours read as hours, everything else as minutes. */
function amount(minutes: number, [minute, manyMinutes]: [string, string], [hour, manyHours]: [string, string]): string {
  const [count, one, many] =
    minutes >= 60 && minutes % 60 === 0 ? [minutes / 60, hour, manyHours] : [minutes, minute, manyMinutes]
  return `${count} ${count === 1 ? one : many}`
}

/** The built-in texts: templates × languages. */
export const texts: Record<Language, Texts> = { en, de }
