import { constants, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Creation and request options in their JSON form, as forms carry them. */
export type CreationQuestion = { publicKey: { challenge: string; user: { id: string } } }
export type RequestQuestion = { publicKey: { challenge: string; allowCredentials?: readonly { id: string }[] } }

/** In which way an answer differs from what an honest browser and authenticator would say. */
export type Deviation = {
  origin?: string
  topOrigin?: string
  rpId?: string
  challenge?: string
  type?: string
  userPresent?: boolean
  userVerified?: boolean
  backupEligible?: boolean
  backedUp?: boolean
  count?: number
}

type Algorithm = { type: 'ec' | 'rsa' | 'ed25519'; curve?: string; hash: string | null; pss?: boolean; cose: number[] }

/** By COSE number. `cose` holds the fixed members of a key: its type, and its curve where it has one. */
const algorithms: Record<number, Algorithm> = {
  [-7]: { type: 'ec', curve: 'P-256', hash: 'sha256', cose: [2, 1] },
  [-35]: { type: 'ec', curve: 'P-384', hash: 'sha384', cose: [2, 2] },
  [-36]: { type: 'ec', curve: 'P-521', hash: 'sha512', cose: [2, 3] },
  [-257]: { type: 'rsa', hash: 'sha256', cose: [3] },
  [-258]: { type: 'rsa', hash: 'sha384', cose: [3] },
  [-259]: { type: 'rsa', hash: 'sha512', cose: [3] },
  [-37]: { type: 'rsa', hash: 'sha256', pss: true, cose: [3] },
  [-38]: { type: 'rsa', hash: 'sha384', pss: true, cose: [3] },
  [-39]: { type: 'rsa', hash: 'sha512', pss: true, cose: [3] },
  [-8]: { type: 'ed25519', hash: null, cose: [1, 6] },
}
export const algorithmNumbers = Object.keys(algorithms).map(Number)

export type Key = {
  id: Buffer
  algorithm: number
  cose: Buffer
  privateKey: KeyObject
  userHandle: string
  count: number
}

/** A security key in software, in front of one site. */
export function createAuthenticator(site: { origin: string; rpId: string }) {
  const keys: Key[] = []

  /** A key that nobody has asked for yet. */
  function makeKey(
    userHandle: string,
    { id = randomBytes(16), algorithm = -7 }: { id?: Buffer; algorithm?: number } = {},
  ): Key {
    const { type, curve, cose } = algorithms[algorithm]!
    const { privateKey, publicKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: curve! })
        : type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('ed25519')
    const jwk = publicKey.export({ format: 'jwk' })
    const part = (name: 'x' | 'y' | 'n' | 'e') => Buffer.from(jwk[name]!, 'base64url')
    const members: [number, number | Buffer][] =
      type === 'rsa'
        ? [
            [-1, part('n')],
            [-2, part('e')],
          ]
        : [[-1, cose[1]!], [-2, part('x')], ...(type === 'ec' ? ([[-3, part('y')]] as [number, Buffer][]) : [])]
    const key: Key = {
      id,
      algorithm,
      cose: cbor(new Map<Cbor, Cbor>([[1, cose[0]!], [3, algorithm], ...members])),
      privateKey,
      userHandle,
      count: 0,
    }
    keys.push(key)
    return key
  }

  const clientData = (type: string, challenge: string, { origin = site.origin, topOrigin }: Deviation): Buffer =>
    Buffer.from(
      JSON.stringify({
        type,
        challenge,
        origin,
        crossOrigin: topOrigin !== undefined,
        ...(topOrigin === undefined ? {} : { topOrigin }),
      }),
    )

  function authenticatorData(count: number, attested: Buffer, deviation: Deviation): Buffer {
    const { rpId = site.rpId, userPresent = true, userVerified = true, backupEligible, backedUp } = deviation
    const flags =
      (userPresent ? 1 : 0) |
      (userVerified ? 4 : 0) |
      (backupEligible ? 8 : 0) |
      (backedUp ? 16 : 0) |
      (attested.length > 0 ? 64 : 0)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(count)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, attested])
  }

  return {
    keys,
    makeKey,
    /** Makes a key and answers creation options with it, as JSON text. */
    create(
      { publicKey }: CreationQuestion,
      options: Deviation & {
        id?: Buffer
        algorithm?: number
        format?: 'none' | 'packed'
        aaguid?: string
        claimedId?: Buffer
      } = {},
    ): string {
      const key = makeKey(publicKey.user.id, options)
      const aaguid = Buffer.from((options.aaguid ?? '0'.repeat(32)).replaceAll('-', ''), 'hex')
      const attested = Buffer.concat([aaguid, Buffer.from([key.id.length >> 8, key.id.length & 255]), key.id, key.cose])
      const data = authenticatorData(options.count ?? 0, attested, options)
      const client = clientData(options.type ?? 'webauthn.create', options.challenge ?? publicKey.challenge, options)
      const statement =
        options.format === 'packed'
          ? new Map<Cbor, Cbor>([
              ['alg', key.algorithm],
              ['sig', signWith(key, Buffer.concat([data, sha256(client)]))],
            ])
          : new Map<Cbor, Cbor>()
      const attestation = cbor(
        new Map<Cbor, Cbor>([
          ['fmt', options.format ?? 'none'],
          ['attStmt', statement],
          ['authData', data],
        ]),
      )
      const id = (options.claimedId ?? key.id).toString('base64url')
      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        response: {
          attestationObject: attestation.toString('base64url'),
          clientDataJSON: client.toString('base64url'),
        },
      })
    },
    /** Answers request options with the newest key that they allow, or the one that is named. */
    get(
      { publicKey }: RequestQuestion,
      options: Deviation & { key?: Key; userHandle?: string | null; forged?: boolean } = {},
    ): string {
      const allowed = publicKey.allowCredentials?.map(({ id }) => id)
      const key = options.key ?? keys.findLast(({ id }) => !allowed || allowed.includes(id.toString('base64url')))
      if (!key) throw new Error('there is no key for this question')
      const data = authenticatorData(options.count ?? ++key.count, Buffer.alloc(0), options)
      const client = clientData(options.type ?? 'webauthn.get', options.challenge ?? publicKey.challenge, options)
      const signature = signWith(key, Buffer.concat([data, sha256(client), Buffer.from(options.forged ? 'x' : '')]))
      const id = key.id.toString('base64url')
      const handle = options.userHandle === undefined ? key.userHandle : options.userHandle
      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        response: {
          authenticatorData: data.toString('base64url'),
          clientDataJSON: client.toString('base64url'),
          signature: signature.toString('base64url'),
          ...(handle === null ? {} : { userHandle: handle }),
        },
      })
    },
  }
}

/** A key as another server has stored it, or as an operator imports it. */
export const storedKey = (key: Key, more: Record<string, unknown> = {}) => ({
  id: key.id.toString('base64'),
  public_key: key.cose.toString('base64'),
  attestation_type: 'none',
  authenticator: { aaguid: Buffer.alloc(16).toString('base64'), sign_count: 0, clone_warning: false },
  display_name: '',
  added_at: '2026-07-01T10:00:00Z',
  is_passwordless: true,
  flags: { user_present: true, user_verified: true, backup_eligible: false, backup_state: false },
  ...more,
})

function signWith({ algorithm, privateKey }: Key, data: Buffer): Buffer {
  const { hash, pss } = algorithms[algorithm]!
  return sign(
    hash,
    data,
    pss
      ? { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : privateKey,
  )
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest()

type Cbor = number | string | Buffer | Map<Cbor, Cbor>

/** As much of RFC 8949 as authenticators speak. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, inner]) => [cbor(key), cbor(inner)])])
}

function head(major: number, n: number): Buffer {
  if (n < 24) return Buffer.from([(major << 5) | n])
  return n < 256 ? Buffer.from([(major << 5) | 24, n]) : Buffer.from([(major << 5) | 25, n >> 8, n & 255])
}
