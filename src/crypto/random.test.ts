import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomBytes } from './random.ts'

test('as many bytes come as were asked for, never the same twice, across many draws', () => {
  const seen = new Set<string>()
  const lengths = [16, 20, 32, 255, 256, 257, 5000]
  for (let i = 0; i < 1000; i++) {
    for (const length of lengths) {
      const bytes = randomBytes(length)
      assert.equal(bytes.length, length)
      assert.ok(bytes.some((byte) => byte !== 0))
      seen.add(bytes.toString('latin1', 0, 16))
    }
  }
  assert.equal(seen.size, 1000 * lengths.length)
  assert.equal(randomBytes(0).length, 0)
})

test('bytes that were handed out do not change with later draws', () => {
  const bytes = randomBytes(32)
  const before = Buffer.from(bytes)
  for (let i = 0; i < 1000; i++) randomBytes(32)
  assert.deepEqual(bytes, before)
})

test('every value of a byte is as likely as any other', () => {
  const counts = Array.from({ length: 256 }, () => 0)
  const perValue = 400
  for (let i = 0; i < (256 * perValue) / 32; i++) for (const byte of randomBytes(32)) counts[byte]!++
  const chiSquared = counts.reduce((sum, count) => sum + (count - perValue) ** 2 / perValue, 0)
  // With 255 degrees of freedom, chance exceeds 400 once in a hundred million runs.
  assert.ok(chiSquared < 400, String(chiSquared))
})
