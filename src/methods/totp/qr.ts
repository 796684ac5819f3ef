import { createRequire } from 'node:module'
import { crc32, deflateSync } from 'node:zlib'
import { LRUCache } from 'lru-cache'

const require = createRequire(import.meta.url)

/** Width and height of the picture. */
export const qrPixels = 256

const options = {
  encoding: 'byte',
  /** The least: what is shown on a screen is neither torn nor dirty, and fewer modules are larger ones. */
  ecc: 'low',
  /**
   * Every mask can be read. Finding the one that is easiest to read takes longer than all the rest, for every form of
   * somebody without an app, and matters for pictures on paper, not on a screen.
   */
  mask: 2,
  /** Light modules around the code, without which readers do not find it. */
  border: 4,
} as const

/** A form is read several times. */
const pictures = new LRUCache<string, string>({ max: 200, ttl: 10 * 60 * 1000 })

/** A text as QR code: the data URL of a PNG. @throws Error for a text of more than about 2900 bytes */
export function qrCode(text: string): string {
  let picture = pictures.get(text)
  if (picture === undefined) {
    // Most processes never draw one.
    const { encodeQR } = require('qr') as typeof import('qr')
    picture = `data:image/png;base64,${png(encodeQR(text, 'raw', options)).toString('base64')}`
    pictures.set(text, picture)
  }
  return picture
}

/**
 * With the usual memory of 270 KB, each picture would bring the next garbage collection nearer, which costs more than the
 * picture. A window of 1 KB still reaches the line above.
 */
const packing = { level: 1, windowBits: 10, memLevel: 5, chunkSize: 4096 }

/** A greyscale picture of one bit a pixel. @see https://www.w3.org/TR/png-3/ */
function png(modules: boolean[][]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(qrPixels, 0)
  header.writeUInt32BE(qrPixels, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(scanlines(modules), packing)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const bytesPerLine = 1 + qrPixels / 8
/** What stands before the bytes of a line: they are meant as they are, or as the difference to the line above. */
const filters = { none: 0, up: 2 }

/** Made once: what a picture leaves behind brings the next garbage collection nearer. */
const lines = Buffer.alloc(bytesPerLine * qrPixels)

/** Lines of pixels. A bit that is set is white. Most lines look like the one above, and nothing packs as well as zeros. */
function scanlines(modules: boolean[][]): Buffer {
  const scale = Math.floor(qrPixels / modules.length)
  const margin = Math.floor((qrPixels - modules.length * scale) / 2)
  lines.fill(0)
  for (let y = 0; y < qrPixels; y++) lines[y * bytesPerLine] = filters.up
  // The border of the code goes on to the edges of the picture.
  drawLine(0, modules[0]!, scale, margin)
  for (let row = 0; row < modules.length; row++) drawLine(margin + row * scale, modules[row]!, scale, margin)
  return lines
}

function drawLine(y: number, modules: boolean[], scale: number, margin: number): void {
  const start = y * bytesPerLine + 1
  lines[start - 1] = filters.none
  const end = start + qrPixels / 8
  let at = start
  // Pixels that do not fill a byte yet, the latest in the lowest bit.
  let count = margin & 7
  let pixels = (1 << count) - 1
  while (at < start + (margin >> 3)) lines[at++] = 0xff
  for (let column = 0; column < modules.length; column++) {
    pixels = (pixels << scale) | (modules[column] ? 0 : (1 << scale) - 1)
    count += scale
    for (; count >= 8; count -= 8) lines[at++] = pixels >> (count - 8)
    pixels &= (1 << count) - 1
  }
  if (count > 0) lines[at++] = (pixels << (8 - count)) | (0xff >> count)
  while (at < end) lines[at++] = 0xff
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(data.length + 12)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8)
  return out
}
