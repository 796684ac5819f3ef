import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { errors } from '../errors.ts'
import { hChaCha20 } from './hchacha20.ts'
import { randomBytes } from './random.ts'

export type CipherAlgorithm = 'noop' | 'aes' | 'xchacha20-poly1305'

/** Keeps texts, such as tokens of other services, unreadable at rest. */
export type Cipher = {
  /** Hexadecimal: nonce, text, tag. The empty text stays empty. */
  encrypt(text: string): string
  /** @throws Error when none of the keys opens it. */
  decrypt(hex: string): string
}

const tagBytes = 16

type Aead<Key> = {
  nonceBytes: number
  seal(key: Key, nonce: Buffer, text: Buffer): Buffer
  open(key: Key, nonce: Buffer, sealed: Buffer): Buffer
}

const aes: Aead<Buffer | KeyObject> = {
  nonceBytes: 12,
  seal(key, nonce, text) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
  },
  open(key, nonce, sealed) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  },
}

// Node has ChaCha20-Poly1305 with nonces of 12 bytes; HChaCha20 spends the other 16 bytes of the long nonce on a key.
const inner = (key: Buffer, nonce: Buffer): [Buffer, Buffer] => [
  hChaCha20(key, nonce.subarray(0, 16)),
  Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]),
]

/** @see https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha-03 */
export const xChaCha20Poly1305 = {
  nonceBytes: 24,
  seal(key: Buffer, nonce: Buffer, text: Buffer, extra = Buffer.alloc(0)) {
    const cipher = createCipheriv('chacha20-poly1305', ...inner(key, nonce), { authTagLength: tagBytes })
    cipher.setAAD(extra, { plaintextLength: text.length })
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
  },
  open(key: Buffer, nonce: Buffer, sealed: Buffer, extra = Buffer.alloc(0)) {
    const decipher = createDecipheriv('chacha20-poly1305', ...inner(key, nonce), { authTagLength: tagBytes })
    decipher.setAAD(extra, { plaintextLength: sealed.length - tagBytes })
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  },
} satisfies Aead<Buffer>

const aeads = { aes, 'xchacha20-poly1305': xChaCha20Poly1305 }

/**
 * @param secrets of exactly 32 bytes each, others are left out; the first encrypts, all decrypt.
 * @throws errors.invalidConfiguration when the algorithm needs a key and none is left.
 */
export function createCipher({ algorithm, secrets }: { algorithm: CipherAlgorithm; secrets: string[] }): Cipher {
  if (algorithm === 'noop') {
    return { encrypt: (text) => Buffer.from(text).toString('hex'), decrypt: (hex) => fromHex(hex).toString() }
  }
  const aead: Aead<Buffer> = aeads[algorithm]
  const keys = secrets.map((secret) => Buffer.from(secret)).filter((key) => key.length === 32)
  const first = keys[0]
  if (first === undefined)
    throw errors.invalidConfiguration('secrets.cipher needs at least one entry of exactly 32 bytes.')
  return {
    encrypt(text) {
      if (text === '') return ''
      const nonce = randomBytes(aead.nonceBytes)
      return Buffer.concat([nonce, aead.seal(first, nonce, Buffer.from(text))]).toString('hex')
    },
    decrypt(hex) {
      if (hex === '') return ''
      const opened = openWithAny(aead, keys, fromHex(hex))
      if (opened === undefined) throw new Error('None of the keys in secrets.cipher opens this text.')
      return opened.toString()
    },
  }
}

function fromHex(hex: string): Buffer {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new Error('An encrypted text is not hexadecimal.')
  return Buffer.from(hex, 'hex')
}

function openWithAny<Key>(aead: Aead<Key>, keys: Key[], bytes: Buffer): Buffer | undefined {
  if (bytes.length < aead.nonceBytes + tagBytes) return undefined
  const [nonce, sealed] = [bytes.subarray(0, aead.nonceBytes), bytes.subarray(aead.nonceBytes)]
  for (const key of keys) {
    try {
      return aead.open(key, nonce, sealed)
    } catch {
      // The tag does not fit this key; an older one may have made it.
    }
  }
  return undefined
}

/** Hands texts to the client that it can neither read nor change, such as the content of a cookie. */
export type Sealer = {
  /** base64url without padding: nonce, text, tag. */
  seal(text: string): string
  /** undefined for whatever was not sealed here, with one of the secrets and for this purpose. */
  open(sealed: string): string | undefined
}

/**
 * @param secrets of any length; the first seals, all open.
 * @param purpose keeps what was sealed for one use from being opened for another, such as `session cookie`.
 * @throws errors.invalidConfiguration without a secret.
 */
export function createSealer(secrets: string[], purpose: string): Sealer {
  // As key objects: with bare bytes, every text would cost twice the time.
  const keys = secrets.map((secret) =>
    createSecretKey(
      Buffer.from(hkdfSync('sha256', createHash('sha256').update(secret).digest(), '', `zelos sealer: ${purpose}`, 32)),
    ),
  )
  const first = keys[0]
  if (first === undefined) throw errors.invalidConfiguration('At least one secret is needed.')
  return {
    seal(text) {
      const nonce = randomBytes(aes.nonceBytes)
      return Buffer.concat([nonce, aes.seal(first, nonce, Buffer.from(text))]).toString('base64url')
    },
    open(sealed) {
      // Other spellings of the same bytes are refused, so that a sealed text is also good as an identity of itself.
      const bytes = Buffer.from(sealed, 'base64url')
      return bytes.toString('base64url') === sealed ? openWithAny(aes, keys, bytes)?.toString() : undefined
    },
  }
}
