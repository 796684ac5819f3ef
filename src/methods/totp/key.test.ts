import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Secret } from '../../crypto/secret.ts'
import { microsPerSecond } from '../../lib/clock.ts'
import { qrCode } from './qr.ts'
import { newTotpSecret, totpSecretOf, totpStepOf, totpUrl } from './key.ts'

// "12345678901234567890" in Base32, the secret of RFC 6238, appendix B.
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const at = (seconds: number) => seconds * microsPerSecond
const stepOf = (code: string, seconds: number, after?: number) =>
  totpStepOf({ secret, code: new Secret(code) }, at(seconds), after)

describe('the codes of RFC 6238', () => {
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const)
    test(`${code} belongs to ${seconds} s`, () => {
      assert.equal(stepOf(code, seconds), Math.floor(seconds / 30))
    })
})

test('a clock may be one step wrong, in either direction, and no more', () => {
  const code = '005924'
  const step = Math.floor(1_234_567_890 / 30)
  for (const drift of [-1, 0, 1]) assert.equal(stepOf(code, (step + drift) * 30), step)
  for (const drift of [-2, 2]) assert.equal(stepOf(code, (step + drift) * 30), undefined)
})

test('steps that are used up do not count, later ones do', () => {
  const step = Math.floor(1_234_567_890 / 30)
  assert.equal(stepOf('005924', 1_234_567_890, step - 1), step)
  assert.equal(stepOf('005924', 1_234_567_890, step), undefined)
  assert.equal(stepOf('005924', 1_234_567_890, step + 1), undefined)
})

test('white space around a code does not matter, everything else does', () => {
  assert.notEqual(stepOf(' 005924\n', 1_234_567_890), undefined)
  for (const wrong of ['', '5924', '05924', '0005924', '005 924', '005925', '٠٠٥٩٢٤'])
    assert.equal(stepOf(wrong, 1_234_567_890), undefined, wrong)
})

test('a secret that is none fits no code', () => {
  assert.equal(totpStepOf({ secret: '!', code: new Secret('005924') }, at(0)), undefined)
  assert.equal(totpStepOf({ secret: '', code: new Secret('005924') }, at(0)), undefined)
})

test('names may be long or broken: a QR code holds the address all the same', () => {
  for (const name of ['a'.repeat(100_000), '雪'.repeat(5000), '👩‍🚀'.repeat(2000), 'broken \ud800'])
    for (const issuer of ['', name]) {
      const url = totpUrl({ issuer, account: name, secret })
      // Version 25 of the least error correction.
      assert.ok(url.length <= 1273)
      assert.equal(totpSecretOf(url), secret)
      assert.match(qrCode(url), /^data:image\/png;base64,/)
    }
})

test('the address names issuer and account, and a new secret of 160 bits each time', () => {
  const [one, two] = [0, 0].map(() =>
    totpUrl({ issuer: 'Shop & Söhne', account: 'ada@shop.example', secret: newTotpSecret() }),
  )
  assert.match(
    one!,
    /^otpauth:\/\/totp\/Shop%20%26%20S%C3%B6hne:ada@shop\.example\?algorithm=SHA1&digits=6&issuer=Shop%20%26%20S%C3%B6hne&period=30&secret=[A-Z2-7]{32}$/,
  )
  assert.notEqual(totpSecretOf(one!), totpSecretOf(two!))
})

test('without an issuer the address still is one', () => {
  assert.match(
    totpUrl({ issuer: '', account: 'ada', secret }),
    /^otpauth:\/\/totp\/ada\?algorithm=SHA1&digits=6&period=30&/,
  )
})

test('of an address only the secret counts, however it is written', () => {
  assert.equal(totpSecretOf('otpauth://totp/a:b?secret=gezdgnbv%3D%3D&digits=8'), 'GEZDGNBV')
  assert.equal(totpSecretOf('otpauth://totp/a:b?digits=8'), undefined)
  assert.equal(totpSecretOf('nonsense'), undefined)
})
