import { randomBytes as systemBytes, randomFillSync } from 'node:crypto'

// One draw costs about the same for twenty bytes as for thousands, and an answer may need ten.
const lot = Buffer.alloc(4096)
let used = lot.length

/** Bytes from the system's generator for secrets, as many as asked for. What was handed out is kept nowhere else. */
export function randomBytes(length: number): Buffer<ArrayBuffer> {
  if (length > 256) return systemBytes(length)
  if (used + length > lot.length) {
    randomFillSync(lot)
    used = 0
  }
  const bytes = Buffer.from(lot.subarray(used, used + length))
  lot.fill(0, used, used + length)
  used += length
  return bytes
}
