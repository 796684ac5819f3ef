import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCipher } from '../../crypto/cipher.ts'
import { factorOf, newLink } from './credential.ts'
import type { ProviderConfig } from './provider.ts'

const config = { id: 'acme', aal2_acr_values: ['urn:strong'], aal2_amr_values: ['otp'] } as ProviderConfig
const tokens = { idToken: 'a.b.c', accessToken: 'access', refreshToken: '' }

test('the tokens of a provider are stored enciphered, and what is not there stays empty', () => {
  const cipher = createCipher({ algorithm: 'aes', secrets: ['32-characters-of-insecure-secret'] })
  const link = newLink({ cipher }, config, { sub: 's' }, tokens)
  assert.equal(link.initial_refresh_token, '')
  for (const stored of [link.initial_access_token, link.initial_id_token])
    assert.ok(!stored.includes(Buffer.from('access').toString('hex')) && /^[0-9a-f]+$/.test(stored))
  assert.equal(cipher.decrypt(link.initial_access_token), 'access')
  assert.equal(cipher.decrypt(link.initial_id_token), 'a.b.c')
})

test('a sign-in counts as two factors where the provider names what the configuration lists', () => {
  assert.equal(factorOf(config, { acr: 'urn:strong' }).aal, 'aal2')
  assert.equal(factorOf(config, { amr: ['pwd', 'otp'] }).aal, 'aal2')
  assert.deepEqual(factorOf(config, { acr: 'urn:weak', amr: ['pwd'] }), {
    method: 'oidc',
    aal: 'aal1',
    provider: 'acme',
    upstreamAcr: 'urn:weak',
    upstreamAmr: ['pwd'],
  })
  assert.deepEqual(factorOf({ ...config, aal2_acr_values: [''] }, {}), {
    method: 'oidc',
    aal: 'aal1',
    provider: 'acme',
  })
})
