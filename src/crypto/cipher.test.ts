import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../errors.ts'
import { createCipher, createSealer, xChaCha20Poly1305 } from './cipher.ts'
import { hChaCha20 } from './hchacha20.ts'

const keyA = 'first-cipher-secret-of-32-bytes!'
const keyB = 'other-cipher-secret-of-32-bytes!'

test('HChaCha20 gives the key of the draft (section 2.2.1)', () => {
  const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
  const nonce = Buffer.from('000000090000004a0000000031415927', 'hex')
  assert.equal(
    hChaCha20(key, nonce).toString('hex'),
    '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
  )
})

test('XChaCha20-Poly1305 gives the ciphertext and the tag of the draft (appendix A.3.1)', () => {
  const key = Buffer.from('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f', 'hex')
  const nonce = Buffer.from('404142434445464748494a4b4c4d4e4f5051525354555657', 'hex')
  const extra = Buffer.from('50515253c0c1c2c3c4c5c6c7', 'hex')
  const text = Buffer.from(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  )
  const sealed = xChaCha20Poly1305.seal(key, nonce, text, extra)
  assert.equal(
    sealed.toString('hex'),
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452' +
      '2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e' +
      'c0875924c1c7987947deafd8780acf49',
  )
  assert.deepEqual(xChaCha20Poly1305.open(key, nonce, sealed, extra), text)
})

test('noop is the text in hexadecimal', () => {
  const cipher = createCipher({ algorithm: 'noop', secrets: [] })
  assert.equal(cipher.encrypt('tökn'), '74c3b66b6e')
  assert.equal(cipher.decrypt('74c3b66b6e'), 'tökn')
  assert.throws(() => cipher.decrypt('nothex'))
})

for (const [algorithm, nonceBytes] of [
  ['aes', 12],
  ['xchacha20-poly1305', 24],
] as const) {
  test(`${algorithm} encrypts to nonce, text and tag, never twice the same`, () => {
    const cipher = createCipher({ algorithm, secrets: [keyA] })
    const sealed = cipher.encrypt('tökn')
    assert.match(sealed, /^[0-9a-f]+$/)
    assert.equal(sealed.length, 2 * (nonceBytes + 5 + 16))
    assert.equal(cipher.decrypt(sealed), 'tökn')
    assert.notEqual(cipher.encrypt('tökn'), sealed)
    assert.equal(cipher.encrypt(''), '')
    assert.equal(cipher.decrypt(''), '')
  })

  test(`${algorithm} opens what an older key made, and nothing that was changed`, () => {
    const old = createCipher({ algorithm, secrets: [keyB] }).encrypt('token')
    const cipher = createCipher({ algorithm, secrets: ['not 32 bytes', keyA, keyB] })
    assert.equal(cipher.decrypt(old), 'token')
    assert.throws(
      () => createCipher({ algorithm, secrets: [keyB] }).decrypt(cipher.encrypt('token')),
      /None of the keys/,
    )
    assert.throws(() => cipher.decrypt(`${old.slice(0, -1)}${old.endsWith('0') ? '1' : '0'}`), /None of the keys/)
    assert.throws(() => cipher.decrypt('00'), /None of the keys/)
    assert.throws(() => cipher.decrypt('xyz'))
  })

  test(`${algorithm} needs a key of exactly 32 bytes`, () => {
    assert.throws(
      () => createCipher({ algorithm, secrets: ['short', `${keyA.slice(1)}ü`] }),
      (error: unknown) => error instanceof ApiError && error.body.id === 'invalid_configuration',
    )
  })
}

test('a sealed text opens for the same purpose and with any of the secrets', () => {
  const before = createSealer(['old'], 'cookie').seal('who: äda')
  const now = createSealer(['new', 'old'], 'cookie')
  assert.match(before, /^[\w-]+$/)
  assert.equal(now.open(before), 'who: äda')
  assert.equal(createSealer(['old'], 'cookie').open(now.seal('x')), undefined)
  assert.equal(createSealer(['old'], 'continuity').open(before), undefined)
  assert.equal(now.open(now.seal('')), '')
})

test('a sealed text that was changed, cut or spelt in another way does not open', () => {
  const sealer = createSealer(['secret'], 'cookie')
  const sealed = sealer.seal('text')
  for (const other of ['', 'x', sealed.slice(1), sealed.slice(0, -2), `${sealed}=`, ` ${sealed}`, `${sealed}A`])
    assert.equal(sealer.open(other), undefined)
  assert.throws(() => createSealer([], 'cookie'))
})
