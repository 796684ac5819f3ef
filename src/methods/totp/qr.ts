import { createRequire } from 'node:module'
import { crc32, deflateSync } from 'node:zlib'
import { LRUCache } from 'lru-cache'

/** What this file uses of the library, which comes without types. */
type Matrix = { size: number; get(row: number, column: number): number }
type Library = {
  create(
    segments: readonly { data: string; mode: 'byte' }[],
    options: { errorCorrectionLevel: 'M'; maskPattern: number },
  ): { modules: Matrix }
}

const require = createRequire(import.meta.url)

/** Width and height of the picture. */
export const qrPixels = 256
/** Light modules around the code, without which readers do not find it. */
const quietModules = 4

/**
 * Every mask can be read. Finding the one that is easiest to read takes ten times as long as all the rest, for every form
 * of somebody without an app, and matters for pictures on paper, not on a screen.
 */
const maskPattern = 2

/** A form is read several times. */
const pictures = new LRUCache<string, string>({ max: 200, ttl: 10 * 60 * 1000 })

/** A text as QR code: the data URL of a PNG. @throws Error for a text of more than about 2000 bytes */
export function qrCode(text: string): string {
  let picture = pictures.get(text)
  if (picture === undefined) {
    // Most processes never draw one.
    const { create } = require('qrcode') as Library
    const { modules } = create([{ data: text, mode: 'byte' }], { errorCorrectionLevel: 'M', maskPattern })
    picture = `data:image/png;base64,${png(modules).toString('base64')}`
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
function png(matrix: Matrix): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(qrPixels, 0)
  header.writeUInt32BE(qrPixels, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(scanlines(matrix), packing)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const bytesPerLine = 1 + qrPixels / 8

/** Lines of pixels, each behind a byte that says that it is not filtered. A bit that is set is white. */
function scanlines(matrix: Matrix): Buffer {
  const { size } = matrix
  const scale = Math.floor(qrPixels / (size + 2 * quietModules))
  const margin = Math.floor((qrPixels - size * scale) / 2)
  const lines = Buffer.alloc(bytesPerLine * qrPixels, 0xff)
  for (let y = 0; y < qrPixels; y++) lines[y * bytesPerLine] = 0
  for (let row = 0; row < size; row++) {
    const first = (margin + row * scale) * bytesPerLine
    for (let column = 0; column < size; column++) {
      if (!matrix.get(row, column)) continue
      const left = margin + column * scale
      for (let x = left; x < left + scale; x++) lines[first + 1 + (x >> 3)]! &= ~(0x80 >> (x & 7))
    }
    // The module's other lines look the same.
    for (let line = 1; line < scale; line++) lines.copyWithin(first + line * bytesPerLine, first, first + bytesPerLine)
  }
  return lines
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(data.length + 12)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8)
  return out
}
