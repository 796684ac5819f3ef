import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, inflateSync } from 'node:zlib'
import decodeQr from 'qr/decode.js'
import { newTotpSecret, totpUrl } from './key.ts'
import { qrCode, qrPixels } from './qr.ts'

const url = totpUrl({ issuer: 'shop.example', account: 'ada@shop.example', secret: newTotpSecret() })

type Chunk = { type: string; data: Buffer }

/** The chunks of a PNG, with their checksums compared. */
function chunksOf(picture: string): Chunk[] {
  const png = Buffer.from(picture.replace(/^data:image\/png;base64,/, ''), 'base64')
  assert.equal(png.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n')
  const chunks: Chunk[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    const body = png.subarray(at + 4, at + 8 + length)
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(body))
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4) })
    at += 12 + length
  }
  return chunks
}

/** Whether each pixel is dark, line by line. */
function pixelsOf(picture: string): boolean[][] {
  const [header, data, end] = chunksOf(picture)
  assert.deepEqual([header!.type, data!.type, end!.type], ['IHDR', 'IDAT', 'IEND'])
  assert.deepEqual([header!.data.readUInt32BE(0), header!.data.readUInt32BE(4)], [qrPixels, qrPixels])
  assert.deepEqual([...header!.data.subarray(8)], [1, 0, 0, 0, 0])
  const raw = inflateSync(data!.data)
  const perLine = 1 + qrPixels / 8
  assert.equal(raw.length, perLine * qrPixels)
  return Array.from({ length: qrPixels }, (_, y) => {
    const line = y * perLine
    assert.ok(raw[line] === 0 || (raw[line] === 2 && y > 0))
    if (raw[line] === 2) for (let i = 1; i < perLine; i++) raw[line + i]! += raw[line + i - perLine]!
    return Array.from({ length: qrPixels }, (__, x) => {
      const byte = raw[y * perLine + 1 + (x >> 3)]!
      return ((byte >> (7 - (x & 7))) & 1) === 0
    })
  })
}

/** What an app reads that looks at the picture. */
function readingOf(picture: string): string {
  const rgb = pixelsOf(picture).flatMap((line) => line.flatMap((isDark) => (isDark ? [0, 0, 0] : [255, 255, 255])))
  return decodeQr({ width: qrPixels, height: qrPixels, data: Uint8Array.from(rgb) })
}

test('an app reads from the picture what was put into it, short or long', () => {
  for (const text of [url, 'a', 'Grüße', `${url}&image=${'x'.repeat(200)}`, 'y'.repeat(1000)])
    assert.equal(readingOf(qrCode(text)), text)
})

test('the code is as large as fits, with a light margin of four modules around', () => {
  const pixels = pixelsOf(qrCode(url))
  const dark = (line: readonly boolean[]) => [line.indexOf(true), line.lastIndexOf(true)] as const
  const [top, bottom] = dark(pixels.map((line) => line.includes(true)))
  // The first line of dark modules is the upper edge of the corners, seven modules wide.
  const [left, right] = dark(pixels[top]!)
  assert.equal(bottom - top, right - left)
  const scale = (pixels[top]!.indexOf(false, left) - left) / 7
  assert.ok(Number.isInteger(scale) && scale >= 3)
  const modules = (right + 1 - left) / scale
  assert.ok(scale === Math.floor(qrPixels / (modules + 8)))
  for (const margin of [left, top, qrPixels - 1 - right, qrPixels - 1 - bottom]) assert.ok(margin >= 4 * scale)
})

test('one text has one picture, another has another', () => {
  assert.equal(qrCode(url), qrCode(url))
  assert.notEqual(qrCode(url), qrCode(`${url}A`))
})
