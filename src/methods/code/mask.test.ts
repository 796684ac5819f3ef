import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskedAddress } from './mask.ts'

test('a masked address shows as much as its owner needs to recognise it', () => {
  const masked = ['ada@shop.example', 'a@b.example', 'ab@c.example', '+4930123456', '12345', '123456'].map(
    maskedAddress,
  )
  assert.deepEqual(masked, [
    'ad****@shop.example',
    'a@b.example',
    'ab****@c.example',
    '+49****56',
    '12345',
    '123****56',
  ])
})
