const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

const rounds: {
  mix: (x: number, y: number, z: number) => number
  constant: number
  order: number[]
  shifts: number[]
}[] = [
  {
    mix: (x, y, z) => (x & y) | (~x & z),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (x, y, z) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
]

/** A digest long broken, for imported hashes only: OpenSSL 3 has it no more. RFC 1320. */
export function md4(text: Buffer): Buffer {
  const padded = Buffer.alloc(Math.ceil((text.length + 9) / 64) * 64)
  text.copy(padded)
  padded[text.length] = 0x80
  padded.writeBigUInt64LE(BigInt(text.length) * 8n, padded.length - 8)

  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  for (let at = 0; at < padded.length; at += 64) {
    let [a, b, c, d] = state as unknown as [number, number, number, number]
    for (const { mix, constant, order, shifts } of rounds) {
      for (const [step, word] of order.entries()) {
        const mixed = (a + mix(b, c, d) + padded.readInt32LE(at + word * 4) + constant) | 0
        ;[a, b, c, d] = [d, rotate(mixed, shifts[step % 4]!), b, c]
      }
    }
    for (const [i, value] of [a, b, c, d].entries()) state[i] = state[i]! + value
  }
  const out = Buffer.alloc(16)
  for (const [i, value] of state.entries()) out.writeInt32LE(value, i * 4)
  return out
}

/** RFC 2104 on `md4`. */
export function hmacMd4(key: Buffer, text: Buffer): Buffer {
  const block = Buffer.alloc(64)
  ;(key.length > 64 ? md4(key) : key).copy(block)
  const inner = md4(Buffer.concat([block.map((byte) => byte ^ 0x36), text]))
  return md4(Buffer.concat([block.map((byte) => byte ^ 0x5c), inner]))
}
