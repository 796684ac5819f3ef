import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVault, isSealed } from './vault.ts'

const secret = 'a secret of more than 16 letters'

test('what was sealed opens again, and says nothing until then', () => {
  const vault = createVault([secret])
  const sealed = vault.seal('ab12cd34')
  assert.equal(isSealed(sealed), true)
  assert.equal(sealed.includes('ab12cd34'), false)
  assert.notEqual(vault.seal('ab12cd34'), sealed)
  assert.equal(vault.open(sealed), 'ab12cd34')
})

test('sealing twice is sealing once', () => {
  const vault = createVault([secret])
  const sealed = vault.seal('ab12cd34')
  assert.equal(vault.seal(sealed), sealed)
})

test('a text from before there was sealing is its own content', () => {
  assert.equal(createVault([secret]).open('ab12cd34'), 'ab12cd34')
})

test('an older secret still opens, a foreign one does not', () => {
  const sealed = createVault([secret]).seal('ab12cd34')
  assert.equal(createVault(['another secret of 16 letters', secret]).open(sealed), 'ab12cd34')
  assert.equal(createVault(['another secret of 16 letters']).open(sealed), undefined)
  assert.equal(createVault([secret]).open(`${sealed.slice(0, -2)}xx`), undefined)
})

test('without a secret that lasts nothing is sealed, and nothing that is opens', () => {
  const vault = createVault([])
  assert.equal(vault.seal('ab12cd34'), 'ab12cd34')
  assert.equal(vault.open('ab12cd34'), 'ab12cd34')
  assert.equal(vault.open(createVault([secret]).seal('ab12cd34')), undefined)
})
