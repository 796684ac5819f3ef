import { randomBytes } from './random.ts'
import { encodeJson, isObject, type Json } from '../lib/json.ts'

/** Who asks: the site as authenticators know it, and the origins from which their answers may come. */
export type RelyingParty = { id: string; name: string; origins: readonly string[] }

export type UserVerification = 'required' | 'preferred' | 'discouraged'

/** What an authenticator said of the person and of itself when it answered. */
export type KeyFlags = { userPresent: boolean; userVerified: boolean; backupEligible: boolean; backupState: boolean }

/** A key that an authenticator has just made. `publicKey` is COSE, `format` that of the attestation statement. */
export type NewKey = {
  id: Buffer
  publicKey: Buffer
  format: string
  aaguid: Buffer
  signCount: number
  flags: KeyFlags
  transports: string[]
}

/** 32 random bytes in base64url. */
export const newChallenge = (): string => randomBytes(32).toString('base64url')

// -- what authenticators are asked ----------------------------------------------------------------------------------------

/** COSE numbers: ECDSA, RSA with PKCS #1 and PSS, each with SHA-256, -384 and -512, and EdDSA. */
const algorithms = [-7, -35, -36, -257, -258, -259, -37, -38, -39, -8]

export type KnownKey = { id: Buffer; transports: readonly string[] }

export type Creation = {
  party: RelyingParty
  user: { id: Buffer; name: string }
  challenge: string
  timeoutMs: number
  /** Keys that the person has already: their authenticators refuse to make another one. */
  exclude?: readonly KnownKey[]
  selection: { [key: string]: Json }
  attestation?: string
}

/** `PublicKeyCredentialCreationOptions` in their JSON form. */
export const creationOptions = ({
  party,
  user,
  challenge,
  timeoutMs,
  exclude = [],
  selection,
  attestation,
}: Creation): { [key: string]: Json } => ({
  publicKey: {
    rp: { name: party.name, id: party.id },
    user: { name: user.name, displayName: user.name, id: user.id.toString('base64url') },
    challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout: timeoutMs,
    ...(exclude.length === 0 ? {} : { excludeCredentials: exclude.map(descriptorOf) }),
    authenticatorSelection: selection,
    ...(attestation === undefined ? {} : { attestation }),
  },
})

export type Asking = {
  party: RelyingParty
  challenge: string
  timeoutMs: number
  /** Without any, every key that the authenticator finds for the site by itself will do. */
  allow?: readonly KnownKey[]
  userVerification: UserVerification
}

/** `PublicKeyCredentialRequestOptions` in their JSON form. */
export const requestOptions = ({
  party,
  challenge,
  timeoutMs,
  allow = [],
  userVerification,
}: Asking): { [key: string]: Json } => ({
  publicKey: {
    challenge,
    timeout: timeoutMs,
    rpId: party.id,
    ...(allow.length === 0 ? {} : { allowCredentials: allow.map(descriptorOf) }),
    userVerification,
  },
})

const descriptorOf = ({ id, transports }: KnownKey): Json => ({
  type: 'public-key',
  id: id.toString('base64url'),
  ...(transports.length === 0 ? {} : { transports: [...transports] }),
})

/** Options as a form carries them: JSON that may also stand in a script within HTML. */
export const optionsText = (options: Json): string => encodeJson(options).trimEnd()

// -- what they answer -----------------------------------------------------------------------------------------------------

type ClientData = { origin: string; topOrigin?: string }

/** The answer to creation options, read but not judged. All members but `transports` are base64url. */
export type CreationAnswer = {
  kind: 'creation'
  id: string
  clientDataJSON: string
  attestationObject: string
  transports: string[]
  clientData: ClientData
}

/** The answer to request options, read but not judged. */
export type Assertion = {
  kind: 'assertion'
  id: string
  clientDataJSON: string
  authenticatorData: string
  signature: string
  /** Undefined when the authenticator did not say whose key it is. */
  userHandle: Buffer | undefined
  clientData: ClientData
}

/** Reads what a page submits after a key was made; undefined for anything that no authenticator says. */
export function readCreationAnswer(text: string): CreationAnswer | undefined {
  const answer = readAnswer(text)
  const attestationObject = base64urlOf(answer?.response.attestationObject)
  if (!answer || !attestationObject) return undefined
  const { id, clientDataJSON, clientData } = answer
  const transports = Array.isArray(answer.response.transports) ? answer.response.transports : []
  return {
    kind: 'creation',
    id,
    clientDataJSON,
    attestationObject,
    transports: transports.filter((t): t is string => typeof t === 'string' && /^[a-z-]{1,32}$/.test(t)).slice(0, 8),
    clientData,
  }
}

/** Reads what a page submits after a key was used; undefined for anything that no authenticator says. */
export function readAssertion(text: string): Assertion | undefined {
  const answer = readAnswer(text)
  if (!answer) return undefined
  const { id, clientDataJSON, clientData, response } = answer
  const [authenticatorData, signature] = [base64urlOf(response.authenticatorData), base64urlOf(response.signature)]
  const given = response.userHandle ?? ''
  const userHandle = given === '' ? '' : base64urlOf(given)
  if (!authenticatorData || !signature || userHandle === undefined) return undefined
  // A hash, the flags and a counter are always there.
  if (Buffer.from(authenticatorData, 'base64url').length < 37) return undefined
  return {
    kind: 'assertion',
    id,
    clientDataJSON,
    authenticatorData,
    signature,
    userHandle: userHandle === '' ? undefined : Buffer.from(userHandle, 'base64url'),
    clientData,
  }
}

/** More than any attestation with its chain of certificates needs. */
const maxAnswerLength = 256 * 1024

function readAnswer(text: string) {
  const value = text.length > maxAnswerLength ? undefined : parsed(text)
  if (!isObject(value) || value.type !== 'public-key' || !isObject(value.response)) return undefined
  const { response } = value
  const [id, rawId] = [base64urlOf(value.id), base64urlOf(value.rawId)]
  const clientDataJSON = base64urlOf(response.clientDataJSON)
  if (!id || id !== rawId || !clientDataJSON) return undefined
  const clientData = parsed(Buffer.from(clientDataJSON, 'base64url').toString('utf8'))
  if (!isObject(clientData) || typeof clientData.type !== 'string' || typeof clientData.challenge !== 'string')
    return undefined
  const { origin, topOrigin } = clientData
  if (typeof origin !== 'string' || (topOrigin !== undefined && typeof topOrigin !== 'string')) return undefined
  return { id, clientDataJSON, response, clientData: { origin, ...(topOrigin === undefined ? {} : { topOrigin }) } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The text without padding; undefined when it is no base64url or empty. */
const base64urlOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? /^([A-Za-z0-9_-]+)={0,2}$/.exec(value)?.[1] : undefined

// -- whether it is the answer to the question -------------------------------------------------------------------------------

export type Ceremony = { party: RelyingParty; challenge: string; requireUserVerification: boolean }

/** What is known of a key that somebody signs in with. Old records do not say whether it may be backed up. */
export type VerificationKey = { id: Buffer; publicKey: Buffer; backupEligible: boolean | undefined }

/**
 * The key that an answer brings, if it answers this very question and its attestation statement holds what it says. No list
 * of trusted makers is consulted.
 * @see https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential
 */
export async function verifyCreation(
  { party, challenge, requireUserVerification }: Ceremony,
  { id, clientDataJSON, attestationObject, transports, clientData }: CreationAnswer,
): Promise<NewKey | undefined> {
  if (!comesFrom(party, clientData)) return undefined
  const { verifyRegistrationResponse } = await library()
  try {
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: clientData.origin,
      expectedRPID: party.id,
      requireUserVerification,
      supportedAlgorithmIDs: algorithms,
    })
    if (!verified || info.credential.id !== id) return undefined
    return {
      id: Buffer.from(info.credential.id, 'base64url'),
      publicKey: Buffer.from(info.credential.publicKey),
      format: info.fmt,
      aaguid: Buffer.from(info.aaguid.replaceAll('-', ''), 'hex'),
      signCount: info.credential.counter,
      flags: {
        userPresent: true,
        userVerified: info.userVerified,
        backupEligible: info.credentialDeviceType === 'multiDevice',
        backupState: info.credentialBackedUp,
      },
      transports,
    }
  } catch {
    // The library throws for every way in which an answer can be wrong, and for bytes that are no answer at all.
    return undefined
  }
}

/**
 * The counter and the flags of an assertion, if the key made it for this very question. A counter that did not move is no
 * reason to refuse it: whoever stores it decides what to think of that.
 * @see https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
 */
export async function verifyAssertion(
  { party, challenge, requireUserVerification }: Ceremony,
  key: VerificationKey,
  { id, clientDataJSON, authenticatorData, signature, clientData }: Assertion,
): Promise<{ signCount: number; flags: KeyFlags } | undefined> {
  if (!comesFrom(party, clientData) || key.id.toString('base64url') !== id) return undefined
  const { verifyAuthenticationResponse } = await library()
  try {
    const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: clientData.origin,
      ...(clientData.topOrigin === undefined ? {} : { expectedTopOrigin: clientData.topOrigin }),
      expectedRPID: party.id,
      requireUserVerification,
      // With 0 the library leaves the counter to us.
      credential: { id, publicKey: new Uint8Array(key.publicKey), counter: 0 },
    })
    const backupEligible = info.credentialDeviceType === 'multiDevice'
    // Whether a key may be backed up is settled when it is made.
    if (!verified || (key.backupEligible ?? backupEligible) !== backupEligible) return undefined
    return {
      signCount: info.newCounter,
      flags: {
        userPresent: true,
        userVerified: info.userVerified,
        backupEligible,
        backupState: info.credentialBackedUp,
      },
    }
  } catch {
    return undefined
  }
}

/** Whether an answer was given on a page of ours, and if within a frame, in a page of ours too. */
const comesFrom = ({ origins }: RelyingParty, { origin, topOrigin }: ClientData): boolean =>
  [origin, ...(topOrigin === undefined ? [] : [topOrigin])].every((given) =>
    origins.some((own) => isSameOrigin(own, given)),
  )

/** Scheme, host and port in any case; what names an Android app is compared letter by letter. */
function isSameOrigin(own: string, given: string): boolean {
  if (own.startsWith('android:')) return own === given
  return originOf(own) !== undefined && originOf(own) === given.toLowerCase()
}

const originOf = (address: string): string | undefined =>
  /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]+/i.exec(address)?.[0].toLowerCase()

/** Loaded with the first answer: most servers that start never see one. */
let loading: ReturnType<typeof load> | undefined
const library = () => (loading ??= load())

async function load() {
  const loaded = await import('@simplewebauthn/server')
  // Statements are checked for what they say, not for who vouches for them: people bring the authenticator that they have.
  for (const identifier of ['android-key', 'android-safetynet', 'apple'] as const)
    loaded.SettingsService.setRootCertificates({ identifier, certificates: [] })
  return loaded
}
