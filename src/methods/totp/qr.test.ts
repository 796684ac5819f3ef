import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { crc32, inflateSync } from 'node:zlib'
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
    assert.equal(raw[y * perLine], 0)
    return Array.from({ length: qrPixels }, (__, x) => {
      const byte = raw[y * perLine + 1 + (x >> 3)]!
      return ((byte >> (7 - (x & 7))) & 1) === 0
    })
  })
}

test('the picture shows each module of the code as a square, with a light margin of four modules around', () => {
  const pixels = pixelsOf(qrCode(url))
  const { create } = createRequire(import.meta.url)('qrcode') as {
    create(segments: object[], options: object): { modules: { size: number; get(row: number, column: number): number } }
  }
  const { modules } = create([{ data: url, mode: 'byte' }], { errorCorrectionLevel: 'M', maskPattern: 2 })
  const scale = Math.floor(qrPixels / (modules.size + 8))
  assert.ok(scale >= 3)
  const margin = Math.floor((qrPixels - modules.size * scale) / 2)
  assert.ok(margin >= 4 * scale)
  for (let y = 0; y < qrPixels; y++)
    for (let x = 0; x < qrPixels; x++) {
      const [row, column] = [Math.floor((y - margin) / scale), Math.floor((x - margin) / scale)]
      const isInside = row >= 0 && column >= 0 && row < modules.size && column < modules.size
      assert.equal(pixels[y]![x], isInside && modules.get(row, column) === 1, `${x}/${y}`)
    }
})

test('one text has one picture, another has another', () => {
  assert.equal(qrCode(url), qrCode(url))
  assert.notEqual(qrCode(url), qrCode(`${url}A`))
})
