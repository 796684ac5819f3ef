import type { Json } from '../../lib/json.ts'
import type { Texts } from './texts.ts'

// Made when it is first used: it costs the start 30 ms and 8 MB.
let numbers: Intl.NumberFormat | undefined
const text = (value: Json | undefined): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? (numbers ??= new Intl.NumberFormat('de')).format(value)
      : ''
const list = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(text) : [text(value)])
const quoted = (value: Json | undefined): string => {
  const whole = text(value)
  return `„${whole.length > 80 ? `${whole.slice(0, 79)}…` : whole}“`
}
const characters = (count: Json | undefined): string => (count === 1 ? '1 Zeichen' : `${text(count)} Zeichen`)
const entries = (count: Json | undefined): string => (count === 1 ? '1 Eintrag' : `${text(count)} Einträge`)

/** What a provider of sign-ins said instead of who somebody is, by the error's name in OAuth. */
const refusals: Record<string, string> = {
  access_denied:
    'Die Anmeldung bei der anderen Seite wurde beendet. Hier hat sich nichts geändert: Versuchen Sie es noch einmal, oder nehmen Sie einen anderen Weg.',
  temporarily_unavailable:
    'Die andere Seite kann gerade niemanden anmelden. Bitte versuchen Sie es später noch einmal, oder nehmen Sie einen anderen Weg.',
  server_error:
    'Bei der anderen Seite ist etwas schiefgegangen. Bitte versuchen Sie es später noch einmal, oder nehmen Sie einen anderen Weg.',
  login_required: 'Bitte melden Sie sich zuerst bei der anderen Seite an, und versuchen Sie es dann noch einmal.',
  interaction_required:
    'Die andere Seite hat eine Frage an Sie. Bitte versuchen Sie es noch einmal, und beantworten Sie sie dort.',
  consent_required:
    'Die andere Seite braucht Ihre Zustimmung. Bitte versuchen Sie es noch einmal, und stimmen Sie dort zu.',
}
const refusal = (reason: string): string => {
  const [, name = ''] = /^([a-z_]+): /.exec(reason) ?? []
  return Object.hasOwn(refusals, name) ? refusals[name]! : reason
}

const typeNames: Record<string, string> = {
  string: 'ein Text',
  number: 'eine Zahl',
  integer: 'eine ganze Zahl',
  boolean: 'Ja oder Nein',
  object: 'ein Objekt',
  array: 'eine Liste',
  null: 'leer',
}
const typeName = (name: string): string => typeNames[name] ?? name

const methodNames: Record<string, string> = {
  password: 'Ihrem Passwort',
  code: 'einem Code, den wir senden',
  webauthn: 'Ihrem Sicherheitsschlüssel',
  passkey: 'Ihrem Passkey',
}

/** Every text of the pages, and of every message by its id, in German. */
export const de: Texts = {
  name: 'Deutsch',
  direction: 'ltr',

  skipToContent: 'Zum Inhalt springen',
  language: 'Sprache',
  imprint: 'Impressum',
  privacy: 'Datenschutz',
  help: 'Hilfe',
  account: 'Konto',
  optional: 'freiwillig',
  or: 'oder',
  show: 'Zeigen',
  hide: 'Verbergen',
  showPassword: 'Passwort zeigen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  download: 'Herunterladen',
  print: 'Drucken',
  codesFile: 'Ersatzcodes.txt',
  inSeconds: 'in {seconds} s',
  otherWays: 'Ein anderer Weg',
  ways: {
    totp: 'Authenticator-App',
    lookup_secret: 'Ersatzcode',
    webauthn: 'Sicherheitsschlüssel',
    passkey: 'Passkey',
    code: 'Code per Nachricht',
  },
  hints: {
    webauthn_register_displayname: 'Ein Name, an dem Sie ihn wiedererkennen, etwa „Schlüsselbund“.',
    lookup_secret: 'Einer der Codes, die Sie beim Einrichten aufbewahrt haben. Jeder gilt einmal.',
  },
  ceremony: {
    NotAllowedError: 'Das wurde abgebrochen, oder es hat zu lange gedauert. Sie können es noch einmal versuchen.',
    AbortError: 'Das wurde abgebrochen. Sie können es noch einmal versuchen.',
    InvalidStateError: 'Dieses Gerät oder dieser Schlüssel ist schon hinzugefügt.',
    NotSupportedError: 'Dieses Gerät oder dieser Schlüssel kann hier nicht verwendet werden.',
    SecurityError: 'Ihr Browser erlaubt das unter der Adresse dieser Seite nicht.',
    ConstraintError:
      'Dieses Gerät oder dieser Schlüssel kann nicht prüfen, ob Sie es sind. Richten Sie eine PIN oder eine Bildschirmsperre ein, und versuchen Sie es noch einmal.',
    missing: 'Ihr Browser kann Passkeys und Sicherheitsschlüssel hier nicht verwenden.',
    other: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
  },
  needsScript: 'Dieser Weg braucht JavaScript, das in Ihrem Browser ausgeschaltet ist.',
  chooseOne: 'Bitte wählen',
  dateTimeHint: 'Schreiben Sie es so: 2026-01-31T18:30:00Z',
  errorPrefix: 'Fehler',
  problemTitle: (count) => (count === 1 ? 'Etwas stimmt noch nicht' : 'Einiges stimmt noch nicht'),
  nothingToAsk: 'Hier gibt es nichts, was Sie tun könnten.',
  startAgain: 'Neu beginnen',

  welcome: {
    title: (brand) => `Willkommen bei ${brand}`,
    lead: 'Melden Sie sich an, oder legen Sie in weniger als einer Minute ein Konto an.',
    signIn: 'Anmelden',
    register: 'Konto anlegen',
    signedOut: 'Sie sind abgemeldet.',
  },

  login: {
    title: 'Anmelden',
    refreshTitle: 'Bestätigen Sie, dass Sie es sind',
    secondFactorTitle: 'Noch ein Schritt',
    as: 'Sie sind angemeldet als',
    noAccount: 'Noch kein Konto?',
    register: 'Konto anlegen',
    forgot: 'Passwort vergessen?',
    otherWay: 'Einen anderen Weg nehmen',
    signOut: 'Abmelden',
  },
  registration: {
    title: 'Konto anlegen',
    completeTitle: 'Fast fertig',
    completeLead: 'Die andere Seite hat uns gesagt, wer Sie sind. Bitte prüfen Sie es, und ergänzen Sie, was fehlt.',
    haveAccount: 'Sie haben schon ein Konto?',
    signIn: 'Anmelden',
    otherWay: 'Einen anderen Weg nehmen',
  },
  recovery: { title: 'Konto wiederherstellen', back: 'Zurück zur Anmeldung' },
  verification: { title: 'Adresse bestätigen', back: 'Zurück zum Konto' },

  settings: {
    title: 'Einstellungen',
    lead: 'Jeder Teil wird für sich gespeichert.',
    savedTitle: (section) => `Gespeichert: ${section}`,
    inUse: 'Eingerichtet',
    notVerified: (address) => `${address} ist noch nicht bestätigt.`,
    states: {
      totpOn: 'Beim Anmelden werden Sie nach einem Code Ihrer App gefragt.',
      totpNew: 'Lesen Sie dieses Bild mit der App ein, und tippen Sie dann den Code ab, den sie zeigt.',
      codesOn: 'Sie haben Ersatzcodes.',
      codesShown: 'Streichen Sie aus, was Sie verbrauchen. Machen Sie neue, wenn nur noch wenige übrig sind.',
      codesNew:
        'Diese Codes gelten noch nicht: Bewahren Sie sie erst an einem sicheren Ort auf, und bestätigen Sie dann.',
    },
    unnamed: 'Ohne Namen',
    added: 'Hinzugefügt am',
    remove: 'Entfernen',
    link: 'Verknüpfen',
    unlink: 'Lösen',
    linked: 'Verknüpft',
    lastWay:
      'Das ist der letzte Weg, auf dem Sie sich anmelden können. Richten Sie einen anderen ein, bevor Sie ihn entfernen.',
    groups: {
      default: ['Allgemein', ''],
      profile: ['Profil', 'Was dieses Konto über Sie weiß.'],
      password: [
        'Passwort',
        'Nehmen Sie eines, das Sie sonst nirgends verwenden. Gut ist ein Satz aus mehreren Wörtern.',
      ],
      oidc: ['Verknüpfte Konten', 'Melden Sie sich mit einem Konto an, das Sie anderswo haben.'],
      saml: ['Verknüpfte Konten', 'Melden Sie sich mit dem Konto Ihrer Organisation an.'],
      totp: [
        'Authenticator-App',
        'Eine App auf Ihrem Telefon zeigt jede halbe Minute einen neuen Code, als zweiten Faktor.',
      ],
      lookup_secret: ['Ersatzcodes', 'Sie helfen, wenn Telefon oder Schlüssel verloren sind. Jeder gilt einmal.'],
      webauthn: ['Sicherheitsschlüssel', 'Ein kleines Gerät, das Sie berühren, um zu bestätigen, dass Sie es sind.'],
      passkey: ['Passkeys', 'Melden Sie sich mit Fingerabdruck, Gesicht oder der PIN Ihres Geräts an.'],
      code: ['Codes per Nachricht', 'Wir senden einen Code an Ihre Adresse.'],
      link: ['Links per Nachricht', 'Wir senden einen Link an Ihre Adresse.'],
    },
  },

  home: {
    title: 'Ihr Konto',
    hello: (name) => `Hallo, ${name}`,
    about: 'Über Sie',
    nothingKnown: 'Über Sie ist noch nichts gespeichert.',
    change: 'Ändern',
    sessions: 'Wo Sie angemeldet sind',
    sessionsHint: 'Beenden Sie, was Sie nicht erkennen, und ändern Sie dann Ihr Passwort.',
    thisDevice: 'Dieses Gerät',
    unknownDevice: 'Unbekanntes Gerät',
    device: (browser, system) => `${browser} unter ${system}`,
    signedIn: 'Angemeldet',
    until: 'bis',
    address: 'Adresse',
    end: 'Dort abmelden',
    endOf: (device) => `Abmelden auf: ${device}`,
    endOthers: 'Überall sonst abmelden',
    noOthers: 'Sie sind sonst nirgends angemeldet.',
    more: (count) => (count === 1 ? 'Und eine weitere Sitzung.' : `Und ${count} weitere Sitzungen.`),
    ended: 'Diese Sitzung ist beendet.',
    othersEnded: 'Alle anderen Sitzungen sind beendet.',
    yes: 'Ja',
    no: 'Nein',
    verified: 'Bestätigt',
    verify: 'Bestätigen',
    verifyOf: (address) => `${address} bestätigen`,
  },

  logout: {
    link: 'Abmelden',
    title: 'Abmelden?',
    lead: 'Sie können sich jederzeit wieder anmelden.',
    confirm: 'Abmelden',
    stay: 'Angemeldet bleiben',
  },

  error: {
    title: 'Das hat nicht geklappt',
    notFoundTitle: 'Das gibt es hier nicht',
    notFound: 'Diese Seite ist nicht mehr da, oder es gab sie nie. Vielleicht ist der Link alt.',
    denied: 'Das dürfen Sie nicht.',
    wrong: 'Was Ihr Browser gesendet hat, war nicht zu verstehen.',
    ours: 'Bei uns oder bei einer Seite, die wir gefragt haben, ist etwas schiefgegangen. Bitte versuchen Sie es gleich noch einmal.',
    busy: 'Gerade ist viel los. Bitte versuchen Sie es gleich noch einmal.',
    noCookies:
      'Ihr Browser hat unser Cookie nicht gesendet. Bitte erlauben Sie Cookies für diese Seite und beginnen Sie dann neu.',
    details: 'Angaben für die Hilfe',
    code: 'Code',
    reason: 'Grund',
    id: 'Nummer dieses Fehlers',
    request: 'Anfrage',
    home: 'Zurück zum Anfang',
    byId: {
      session_inactive: 'Sie sind nicht angemeldet, oder Ihre Sitzung ist beendet.',
      session_already_available: 'Sie sind schon angemeldet.',
      session_aal1_required: 'Bitte melden Sie sich zuerst an.',
      session_aal2_required: 'Dafür braucht es einen zweiten Faktor.',
      session_refresh_required: 'Bitte melden Sie sich noch einmal an, um zu bestätigen, dass Sie es sind.',
      security_csrf_violation:
        'Dieses Formular wurde nicht in diesem Browser geöffnet, oder es ist zu alt. Bitte beginnen Sie neu.',
      security_identity_mismatch: 'Dieses Formular gehört jemand anderem. Bitte beginnen Sie neu.',
      self_service_flow_expired: 'Dieses Formular war zu lange offen. Bitte beginnen Sie neu.',
      self_service_flow_disabled: 'Das ist hier ausgeschaltet.',
      self_service_flow_return_to_forbidden:
        'Der Link will Sie an einen Ort führen, der nicht auf unserer Liste steht. Zu Ihrer Sicherheit endet er hier.',
      upstream_error:
        'Die andere Seite hat nicht so geantwortet, wie sie sollte. Bitte versuchen Sie es später noch einmal, oder melden Sie sich auf einem anderen Weg an.',
      browser_location_change_required: 'Bitte machen Sie an anderer Stelle weiter.',
    },
  },

  test: {
    startTitle: 'Eine Anmeldung ausprobieren',
    startLead:
      'Melden Sie sich als jemand an, den der Anbieter kennt. Sie sehen, was er über diese Person sagt; hier wird niemand angemeldet.',
    title: (provider) => `Test von „${provider}“`,
    lead: 'Niemand wurde angemeldet, und kein Konto wurde angelegt oder geändert.',
    passed:
      'Diese Anmeldung funktioniert: Der Anbieter hat geantwortet, und was der Mapper daraus macht, passt zum Identitätsschema.',
    failed: 'Diese Anmeldung funktioniert noch nicht.',
    problem: 'Was nicht geklappt hat',
    step: 'Schritt',
    steps: {
      state_validate: 'Der Browser kam unter der Adresse eines anderen Anbieters zurück.',
      provider_denied: 'Der Anbieter hat abgelehnt, oder jemand hat die Anmeldung dort beendet.',
      token_exchange: 'Der Anbieter gab für seinen Code keine Tokens.',
      id_token_verify: 'Das ID-Token hat unsere Prüfungen nicht bestanden.',
      claims_decode: 'Die Angaben sagen nicht, um wen es geht, oder lassen sich nicht lesen.',
      callback: 'Die Rückkehr vom Anbieter ließ sich nicht abschließen.',
      jsonnet_run: 'Der Mapper lief nicht, oder er machte etwas, das keine Identität ist.',
      schema_validate: 'Was der Mapper macht, passt nicht zum Identitätsschema.',
    },
    said: 'Meldung',
    stderr: 'Der Mapper sagt',
    atPath: 'Bei',
    output: 'Was der Mapper gemacht hat',
    outputHint: 'Merkmale und Metadaten der Identität, wie sie gespeichert würden.',
    claims: 'Was der Anbieter gesagt hat',
    claimsHint: 'Die Angaben, wie der Mapper sie bekommt.',
    userinfo: 'Was seine API gesagt hat',
    userinfoHint: 'Die Antwort der Userinfo- oder Profiladresse des Anbieters.',
    mapper: 'Mapper',
    end: 'Wenn Sie fertig sind',
    endHint:
      'Das Ergebnis bleibt, bis Sie es löschen oder die Zeit dieses Tests vorbei ist. Nur dieser Browser kann es lesen.',
    remove: 'Diesen Test löschen',
  },

  notices: {
    expired: 'Ihr Formular war zu lange offen. Hier ist ein neues.',
    unknown: 'Das gesuchte Formular gibt es nicht mehr. Hier ist ein neues.',
    other_browser:
      'Das gesuchte Formular wurde in einem anderen Browser geöffnet, oder bevor Sie sich an- oder abgemeldet haben. Hier ist ein neues.',
    other_person: 'Das gesuchte Formular gehört jemand anderem. Hier ist Ihr eigenes.',
    sign_in: 'Bitte melden Sie sich zuerst an. Danach geht es weiter.',
  },

  messages: {
    // Signing in
    1010001: 'Anmelden',
    1010002: (c) => `Mit ${text(c.provider)} anmelden`,
    1010003: 'Bestätigen Sie durch eine erneute Anmeldung, dass Sie es sind.',
    1010004: 'Bestätigen Sie Ihre Anmeldung mit einem zweiten Faktor.',
    1010006: 'Code aus der Authenticator-App',
    1010007: 'Ersatzcode',
    1010008: 'Mit Sicherheitsschlüssel anmelden',
    1010009: 'Mit der Authenticator-App bestätigen',
    1010010: 'Ersatzcode verwenden',
    1010011: 'Mit Sicherheitsschlüssel anmelden',
    1010012: 'Halten Sie Ihren Sicherheitsschlüssel bereit, und machen Sie dann weiter.',
    1010013: 'Weiter',
    1010014:
      'Ein Code ist unterwegs zu der Adresse, die Sie angegeben haben. Falls keiner kommt, prüfen Sie die Schreibweise.',
    1010015: 'Code zum Anmelden senden',
    1010016: (c) =>
      `Ein Konto mit ${quoted(c.duplicateIdentifier ?? c.duplicate_identifier)} gibt es schon. Melden Sie sich damit an, um ${text(c.provider)} zu verknüpfen.`,
    1010017: 'Anmelden und verknüpfen',
    1010018: (c) => `Mit ${text(c.provider)} bestätigen`,
    1010021: 'Mit Passkey anmelden',
    1010022: 'Mit Passwort anmelden',
    1010023: (c) => `Code an ${text(c.address)} senden`,
    1010025: 'Ein Code ist unterwegs zu Ihrer Adresse.',

    // Signing up
    1040001: 'Konto anlegen',
    1040002: (c) => `Mit ${text(c.provider)} registrieren`,
    1040003: 'Weiter',
    1040004: 'Mit Sicherheitsschlüssel registrieren',
    1040005:
      'Ein Code ist unterwegs zu der Adresse, die Sie angegeben haben. Falls keiner kommt, prüfen Sie die Schreibweise.',
    1040006: 'Code zum Registrieren senden',
    1040007: 'Mit Passkey registrieren',
    1040008: 'Zurück',
    1040009: 'Wählen Sie, wie Sie sich in Zukunft anmelden möchten.',

    // Settings
    1050001: 'Ihre Änderungen sind gespeichert.',
    1050002: (c) => `${text(c.provider)} verknüpfen`,
    1050003: (c) => `Verknüpfung mit ${text(c.provider)} lösen`,
    1050004: 'Authenticator-App entfernen',
    1050005: 'QR-Code für die Authenticator-App',
    1050006: (c) => text(c.secret),
    1050007: 'Ersatzcodes zeigen',
    1050008: 'Neue Ersatzcodes erzeugen',
    1050009: (c) => text(c.secret),
    1050010: 'Das sind Ihre Ersatzcodes. Bewahren Sie sie an einem sicheren Ort auf.',
    1050011: 'Ersatzcodes bestätigen',
    1050012: 'Sicherheitsschlüssel hinzufügen',
    1050013: 'Name des Sicherheitsschlüssels',
    1050014: 'verbraucht',
    1050015: (c) =>
      (Array.isArray(c.secrets) ? c.secrets : [])
        .map((entry) => {
          const { id, context } = entry as { id?: Json; context?: { secret?: Json } }
          return id === 1050014 ? 'verbraucht' : text(context?.secret)
        })
        .join(', '),
    1050016: 'Ausschalten',
    1050017: 'Falls Sie den QR-Code nicht einlesen können, ist das hier der Schlüssel zum Eintippen.',
    1050018: (c) => `Sicherheitsschlüssel ${quoted(c.display_name)} entfernen`,
    1050019: 'Passkey hinzufügen',
    1050020: (c) => `Passkey ${quoted(c.display_name)} entfernen`,
    1050021: 'Gerät hinzufügen',
    1050022: (c) => `Gerät ${quoted(c.display_name)} entfernen`,
    1050023: 'Dieses Konto wird von Ihrer Organisation verwaltet.',

    // Recovery
    1060001:
      'Ihr Konto ist wieder zugänglich. Setzen Sie gleich ein neues Passwort oder einen anderen Weg, sich anzumelden.',
    1060002:
      'Ein Link zur Wiederherstellung ist unterwegs. Falls keiner kommt, prüfen Sie die Schreibweise der Adresse.',
    1060003:
      'Ein Code zur Wiederherstellung ist unterwegs. Falls keiner kommt, prüfen Sie die Schreibweise der Adresse.',
    1060004: (c) =>
      `Ein Code ist unterwegs zu ${text(c.masked_address)}. Falls keiner kommt, prüfen Sie die Schreibweise.`,
    1060005: 'Geben Sie zur Sicherheit die ganze Adresse ein.',
    1060006: 'Wie möchten Sie Ihr Konto wiederherstellen?',
    1060007: 'Zurück',

    // Labels
    1070000: (c) => text(c.text),
    1070001: 'Passwort',
    1070002: (c) => text(c.title),
    1070003: 'Speichern',
    1070004: 'E-Mail-Adresse oder Benutzername',
    1070006: 'Code zur Bestätigung',
    1070007: 'E-Mail-Adresse',
    1070008: 'Code noch einmal senden',
    1070009: 'Weiter',
    1070010: 'Code zur Wiederherstellung',
    1070011: 'Code zur Bestätigung',
    1070012: 'Code zum Registrieren',
    1070013: 'Code zum Anmelden',
    1070016: 'Adresse zur Wiederherstellung',
    1070017: 'Telefonnummer',
    1070018: 'E-Mail-Adresse oder Telefonnummer',

    // Verification
    1080001: 'Ein Link zur Bestätigung ist unterwegs. Falls keiner kommt, prüfen Sie die Schreibweise der Adresse.',
    1080002: 'Ihre E-Mail-Adresse ist bestätigt.',
    1080003:
      'Ein Code zur Bestätigung ist per E-Mail unterwegs. Falls keiner kommt, prüfen Sie die Schreibweise der Adresse.',
    1080004: 'Ein Code zur Bestätigung ist per SMS unterwegs. Falls keiner kommt, prüfen Sie die Telefonnummer.',
    1080005: 'Ihre Telefonnummer ist bestätigt.',

    // What a person can mend
    4000001: (c) => refusal(text(c.reason)),
    4000002: 'Bitte ausfüllen.',
    4000003: (c) => `Nehmen Sie mindestens ${characters(c.min_length)}, nicht ${text(c.actual_length)}.`,
    4000004: (c) => `Das entspricht nicht dem Muster ${text(c.pattern)}`,
    4000005: (c) => `Dieses Passwort kann nicht verwendet werden: ${text(c.reason)}`,
    4000006: 'Name oder Passwort ist falsch. Prüfen Sie die Schreibweise von beidem.',
    4000007: 'Ein Konto mit diesem Namen oder dieser Adresse gibt es schon.',
    4000008: 'Der Code aus der Authenticator-App ist falsch. Versuchen Sie es noch einmal.',
    4000009: 'In diesem Formular steht nichts, woran wir Sie beim Anmelden erkennen könnten.',
    4000010: 'Ihre Adresse ist noch nicht bestätigt. Suchen Sie in Ihrem Postfach nach unserer Nachricht.',
    4000011: 'Für dieses Konto ist keine Authenticator-App eingerichtet.',
    4000012: 'Dieser Ersatzcode ist schon verbraucht.',
    4000013: 'Für dieses Konto ist kein Sicherheitsschlüssel eingerichtet.',
    4000014: 'Für dieses Konto sind keine Ersatzcodes eingerichtet.',
    4000015: 'Dieses Konto gibt es nicht, oder es hat keinen Sicherheitsschlüssel.',
    4000016: 'Dieser Ersatzcode ist nicht gültig.',
    4000017: (c) => `Nehmen Sie höchstens ${characters(c.max_length)}, nicht ${text(c.actual_length)}.`,
    4000018: (c) => `Geben Sie eine Zahl ab ${text(c.minimum)} ein, nicht ${text(c.actual)}.`,
    4000019: (c) => `Geben Sie eine Zahl über ${text(c.minimum)} ein, nicht ${text(c.actual)}.`,
    4000020: (c) => `Geben Sie eine Zahl bis ${text(c.maximum)} ein, nicht ${text(c.actual)}.`,
    4000021: (c) => `Geben Sie eine Zahl unter ${text(c.maximum)} ein, nicht ${text(c.actual)}.`,
    4000022: (c) => `Geben Sie ein Vielfaches von ${text(c.base)} ein, nicht ${text(c.actual)}.`,
    4000023: (c) => `Geben Sie höchstens ${entries(c.max_items)} an, nicht ${text(c.actual_items)}.`,
    4000024: (c) => `Geben Sie mindestens ${entries(c.min_items)} an, nicht ${text(c.actual_items)}.`,
    4000025: (c) =>
      `Die Einträge ${text(c.index_a)} und ${text(c.index_b)} sind gleich; jeder darf nur einmal vorkommen.`,
    4000026: (c) =>
      `Hier muss ${list(c.allowed_types).map(typeName).join(' oder ')} stehen, nicht ${typeName(text(c.actual_type))}.`,
    4000027:
      'Ein Konto mit diesem Namen oder dieser Adresse gibt es schon. Melden Sie sich an, um beide zu verknüpfen.',
    4000028: (c) => {
      const ways = [
        ...list(c.available_credential_types).flatMap((type) => methodNames[type] ?? []),
        ...list(c.available_oidc_providers),
      ].filter((way) => way !== '')
      const hint = text(c.credential_identifier_hint)
      const exists = `Ein Konto mit ${hint === '' ? 'diesem Namen oder dieser Adresse' : quoted(hint)} gibt es schon.`
      return ways.length === 0 ? exists : `${exists} Wenn es Ihres ist, melden Sie sich mit ${ways.join(' oder ')} an.`
    },
    4000029: (c) => `Hier muss ${text(c.expected)} stehen.`,
    4000030: 'Das weicht von dem einen Wert ab, der hier erlaubt ist.',
    4000031: 'Dieses Passwort ist Ihrem Namen oder Ihrer Adresse zu ähnlich.',
    4000032: (c) =>
      `Nehmen Sie ein Passwort mit mindestens ${characters(c.min_length)}, nicht ${text(c.actual_length)}.`,
    4000033: (c) =>
      `Nehmen Sie ein Passwort mit höchstens ${characters(c.max_length)}, nicht ${text(c.actual_length)}.`,
    4000034: (c) =>
      `Dieses Passwort kam in ${c.breaches === 1 ? 'einem Datenleck' : `${text(c.breaches)} Datenlecks`} vor. Nehmen Sie eines, das sonst niemand kennt.`,
    4000035: 'Dieses Konto gibt es nicht, oder es kann sich nicht mit einem Code anmelden.',
    4000036: 'Die Angaben weichen von denen ab, für die der Code gesendet wurde. Beginnen Sie bitte neu.',
    4000037: 'Dieses Konto gibt es nicht, oder es kann sich hier nicht anmelden.',
    4000039: 'Das ist das Passwort, das Sie jetzt haben. Nehmen Sie ein anderes.',
    4000040: (c) => `${quoted(c.value)} ist keine E-Mail-Adresse.`,
    4000041: (c) => `${quoted(c.value)} ist keine Telefonnummer. Beginnen Sie mit + und der Vorwahl des Landes.`,
    4000043: 'Die Antwort des Sicherheitsschlüssels oder Passkeys ist nicht gültig.',

    // Flows
    4010001: 'Diese Anmeldung hat zu lange gedauert. Bitte versuchen Sie es noch einmal.',
    4010002: 'Es fehlt, wie Sie sich anmelden möchten. Füllen Sie eine der Möglichkeiten aus.',
    4010003: 'Es fehlt, wie Sie sich registrieren möchten. Füllen Sie eine der Möglichkeiten aus.',
    4010004: 'Hier gibt es nichts zu speichern.',
    4010005: 'Es fehlt, wie Sie Ihr Konto wiederherstellen möchten.',
    4010006: 'Es fehlt, wie Sie Ihre Adresse bestätigen möchten.',
    4010007: 'Diese Anmeldung ist schon abgeschlossen.',
    4010008: 'Der Code ist falsch oder schon verbraucht. Versuchen Sie es noch einmal.',
    4010009: 'Dieses Konto ist ein anderes als das, mit dem verknüpft werden soll.',
    4010010: 'Diese Adresse gehört nicht zu diesem Konto.',
    4010011: 'Dieses Konto ist gesperrt.',
    4040001: 'Diese Registrierung hat zu lange gedauert. Bitte versuchen Sie es noch einmal.',
    4040002: 'Diese Registrierung ist schon abgeschlossen.',
    4040003: 'Der Code ist falsch oder schon verbraucht. Versuchen Sie es noch einmal.',
    4050001: 'Diese Einstellungen waren zu lange offen. Bitte versuchen Sie es noch einmal.',
    4050002: 'Ändern Sie bitte eine Adresse nach der anderen.',
    4060001: 'Diese Wiederherstellung ist abgeschlossen und kann nicht wiederholt werden.',
    4060002: 'Diese Wiederherstellung ist gescheitert. Bitte beginnen Sie neu.',
    4060004: 'Der Link ist nicht gültig oder schon verbraucht. Bitte beginnen Sie neu.',
    4060005: 'Diese Wiederherstellung hat zu lange gedauert. Bitte versuchen Sie es noch einmal.',
    4060006: 'Der Code ist falsch oder schon verbraucht. Versuchen Sie es noch einmal.',
    4070001: 'Der Link ist nicht gültig oder schon verbraucht. Bitte beginnen Sie neu.',
    4070002: 'Diese Bestätigung ist abgeschlossen und kann nicht wiederholt werden.',
    4070003: 'Diese Bestätigung ist gescheitert. Bitte beginnen Sie neu.',
    4070005: 'Diese Bestätigung hat zu lange gedauert. Bitte versuchen Sie es noch einmal.',
    4070006: 'Der Code ist falsch oder schon verbraucht. Versuchen Sie es noch einmal.',
  },
}
