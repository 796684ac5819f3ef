import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../crypto/secret.ts'
import { lookupCodesOf, newLookupCodes, placeOf } from './codes.ts'

const place = (given: string, codes: Parameters<typeof placeOf>[1]) => placeOf(new Secret(given), codes)
const used = '2026-07-01T10:00:00Z'

test('a set has twelve codes of eight lower-case letters and digits, all different and unused', () => {
  const codes = newLookupCodes()
  assert.equal(new Set(codes.map(({ code }) => code)).size, 12)
  for (const { code, usedAt } of codes) {
    assert.match(code, /^[a-z0-9]{8}$/)
    assert.equal(usedAt, null)
  }
})

test('a code is found by its exact spelling only', () => {
  const codes = lookupCodesOf({ recovery_codes: [{ code: 'first001' }, { code: 'second02', used_at: used }] })
  assert.equal(place('first001', codes), 0)
  assert.equal(place('second02', codes), 1)
  for (const wrong of ['FIRST001', ' first001', 'first00', 'first0011', ''])
    assert.equal(place(wrong, codes), -1, wrong)
})

test('of two equal codes the one that is not used yet is found', () => {
  const codes = lookupCodesOf({ recovery_codes: [{ code: 'first001', used_at: used }, { code: 'first001' }] })
  assert.equal(place('first001', codes), 1)
})

test('entries keep their places, also those that hold no code', () => {
  const codes = lookupCodesOf({ recovery_codes: [{}, { code: 'first001', used_at: null }] })
  assert.deepEqual(codes, [
    { code: '', usedAt: null },
    { code: 'first001', usedAt: null },
  ])
  assert.equal(place('first001', codes), 1)
  assert.equal(place('', codes), -1)
})

test('a credential without a list has no codes', () => {
  assert.deepEqual(lookupCodesOf({}), [])
  assert.deepEqual(lookupCodesOf({ recovery_codes: 'first001' }), [])
})
