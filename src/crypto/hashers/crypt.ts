import { hash } from 'node:crypto'

/** The digests of crypt(3): `$1$`, `$5$` and `$6$`. They take many milliseconds of JavaScript: to be run in a worker. */
export type CryptJob = { kind: 'md5' | 'sha256' | 'sha512'; password: Uint8Array; salt: string; rounds: number }

/** The digest in the alphabet of crypt(3), without salt and prefix. */
export function crypt({ kind, password, salt, rounds }: CryptJob): string {
  const [key, saltBytes] = [Buffer.from(password), Buffer.from(salt, 'latin1')]
  return kind === 'md5' ? md5Crypt(key, saltBytes) : shaCrypt(kind, key, saltBytes, rounds)
}

const digest = (kind: CryptJob['kind'], ...parts: Buffer[]): Buffer =>
  hash(kind, parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer')

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Six bits a letter, the lowest first. */
function letters(value: number, count: number): string {
  let out = ''
  for (let i = 0; i < count; i++) out += alphabet[(value >>> (6 * i)) & 63]
  return out
}

/** Each group is written from its bytes, the highest first; the last one may be shorter. */
const encode = (bytes: Buffer, groups: readonly (readonly number[])[]): string =>
  groups
    .map((group) =>
      letters(
        group.reduce((value, at) => (value << 8) | bytes[at]!, 0),
        [0, 2, 3, 4][group.length]!,
      ),
    )
    .join('')

/** `bytes` again and again, to a length of `length`. */
const repeat = (bytes: Buffer, length: number): Buffer => Buffer.alloc(length, bytes)

/** What goes into each round: the order is drawn from the number of the round. */
function stretch(
  kind: CryptJob['kind'],
  first: Buffer,
  { rounds, key, salt }: { rounds: number; key: Buffer; salt: Buffer },
): Buffer {
  const buffer = Buffer.alloc(first.length + 2 * key.length + salt.length)
  let state = first
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1
    let length = (odd ? key : state).copy(buffer)
    if (round % 3 !== 0) length += salt.copy(buffer, length)
    if (round % 7 !== 0) length += key.copy(buffer, length)
    length += (odd ? state : key).copy(buffer, length)
    state = digest(kind, buffer.subarray(0, length))
  }
  return state
}

const md5Groups = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]]

/** Poul-Henning Kamp's scheme of FreeBSD 2, always 1000 rounds. */
function md5Crypt(key: Buffer, salt: Buffer): string {
  const parts = [key, Buffer.from('$1$'), salt]
  if (key.length > 0) parts.push(repeat(digest('md5', key, salt, key), key.length))
  for (let bits = key.length; bits > 0; bits >>>= 1) parts.push(bits & 1 ? Buffer.of(0) : key.subarray(0, 1))
  return encode(stretch('md5', digest('md5', ...parts), { rounds: 1000, key, salt }), md5Groups)
}

/** Three bytes a third apart, turned by one or by two thirds from group to group. */
function shaGroups(size: number, turn: 1 | 2): number[][] {
  const third = Math.floor(size / 3)
  const groups = Array.from({ length: third }, (_, i) => {
    const offset = (i * turn) % 3
    return [0, 1, 2].map((k) => i + third * ((k + offset) % 3))
  })
  return [...groups, Array.from({ length: size % 3 }, (_, i) => size - 1 - i)]
}
const groupsOf = { sha256: shaGroups(32, 2), sha512: shaGroups(64, 1) }

/** @see https://www.akkadia.org/drepper/SHA-crypt.txt */
function shaCrypt(kind: 'sha256' | 'sha512', key: Buffer, salt: Buffer, rounds: number): string {
  const alternate = digest(kind, key, salt, key)
  const parts = [key, salt]
  if (key.length > 0) parts.push(repeat(alternate, key.length))
  for (let bits = key.length; bits > 0; bits >>>= 1) parts.push(bits & 1 ? alternate : key)
  const first = digest(kind, ...parts)

  const keyDigest = digest(kind, repeat(key, key.length * key.length))
  const saltDigest = digest(kind, repeat(salt, salt.length * (16 + first[0]!)))
  const stretched = stretch(kind, first, {
    rounds,
    key: key.length > 0 ? repeat(keyDigest, key.length) : key,
    salt: salt.length > 0 ? repeat(saltDigest, salt.length) : salt,
  })
  return encode(stretched, groupsOf[kind])
}
