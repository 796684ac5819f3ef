import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../lib/json.ts'
import { ClaimsError, namesSomebody, readClaims } from './claims.ts'

test('what is empty, zero or false is not there, and unknown claims are left out', () => {
  const raw = { sub: 's', name: '', email_verified: false, updated_at: 0, amr: [], nickname: null, custom: 1 }
  assert.deepEqual(readClaims(raw), { sub: 's' })
})

test('everything as it was received is kept beside them where that is asked for', () => {
  const raw = { sub: 's', name: '', custom: { deep: [1, null] } }
  assert.deepEqual(readClaims(raw, { keepRaw: true }), { sub: 's', raw_claims: raw })
})

test('whether an address is verified may be said in quotes, whether a number is may not', () => {
  assert.deepEqual(readClaims({ email_verified: 'true' }), { email_verified: true })
  assert.deepEqual(readClaims({ email_verified: 'false' }), {})
  assert.throws(() => readClaims({ email_verified: 'perhaps' }), ClaimsError)
  assert.throws(() => readClaims({ phone_number_verified: 'true' }), ClaimsError)
})

test('language and country that come apart become one tag', () => {
  assert.deepEqual(readClaims({ locale: { language: 'de', country: 'AT' } }), { locale: 'de-AT' })
  assert.deepEqual(readClaims({ locale: { country: 'AT' } }), { locale: 'AT' })
  assert.deepEqual(readClaims({ locale: {} }), {})
})

test('a claim of another type is refused, whichever it is', () => {
  const wrong: Record<string, Json> = {
    iss: 1,
    sub: 7,
    email: 7,
    name: true,
    locale: ['de'],
    updated_at: '2020-01-01T00:00:00Z',
    amr: 'pwd',
    nonce_supported: 'true',
    acr: 0,
  }
  for (const [name, value] of Object.entries(wrong))
    assert.throws(() => readClaims({ [name]: value }), new RegExp(name), name)
  assert.throws(() => readClaims({ updated_at: 1.5 }), ClaimsError)
  assert.throws(() => readClaims({ amr: ['pwd', 1] }), ClaimsError)
})

test('somebody is who has a subject that a database can keep, and an issuer', () => {
  assert.ok(namesSomebody({ iss: 'https://id.example', sub: '1' }))
  for (const claims of [{ sub: '1' }, { iss: 'https://id.example' }, { iss: 'https://id.example', sub: 'a\0b' }])
    assert.ok(!namesSomebody(claims))
})
