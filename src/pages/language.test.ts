import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messages } from '../ui/messages.ts'
import { requestOf } from '../../test/support/requests.ts'
import { catalogues, negotiateLanguage } from './language.ts'
import { en } from './texts/en.ts'

const tagFor = (target: string, headers: Record<string, string> = {}, flowUrl = '') =>
  negotiateLanguage(requestOf('GET', target, { headers }), flowUrl).language.tag

test('every message can be said in every language', () => {
  const ids = Object.values(messages).map(({ id }) => id)
  assert.ok(ids.length > 40)
  for (const [tag, { messages: texts }] of catalogues) {
    // English is what messages are written in.
    const missing = tag === 'en' ? [] : ids.filter((id) => texts[id] === undefined)
    assert.deepEqual(missing, [], `texts that are missing in ${tag}`)
  }
})

test('catalogues have the same members, and none is empty', () => {
  const shapeOf = (value: unknown): unknown => {
    if (typeof value === 'function') return `function of ${value.length}`
    if (Array.isArray(value)) return value.map(shapeOf)
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
    return value === '' ? 'empty' : typeof value
  }
  for (const catalogue of catalogues.values()) {
    const { messages: _own, ...texts } = catalogue
    const { messages: _english, ...expected } = en
    assert.deepEqual(shapeOf(texts), shapeOf(expected))
  }
})

test('a text that is made from its context says what the context says', () => {
  const { language } = negotiateLanguage(requestOf('GET', '/?ui_locales=de'))
  assert.equal(
    language.message(messages.tooShort({ min_length: 1, actual_length: 0 })),
    'Nehmen Sie mindestens 1 Zeichen, nicht 0.',
  )
  assert.equal(
    language.message(messages.passwordBreached({ breaches: 12345 })),
    'Dieses Passwort kam in 12.345 Datenlecks vor. Nehmen Sie eines, das sonst niemand kennt.',
  )
  assert.equal(language.message(messages.labelOfTrait({ name: 'traits.email', title: 'E-Mail' })), 'E-Mail')
  assert.match(language.message(messages.notAnEmail({ value: 'x'.repeat(200) })), /^„x{79}…“ ist/)
})

test('a message that a catalogue does not know is said as it came', () => {
  const { language } = negotiateLanguage(requestOf('GET', '/?ui_locales=de'))
  assert.equal(language.message({ id: 9_999_999, text: 'Something new', type: 'info' }), 'Something new')
  assert.equal(language.message({ id: 1_070_000, text: 'a***@shop.example', type: 'info' }), 'a***@shop.example')
})

test('the query counts first, then an earlier choice, then the beginning of the flow, then the browser', () => {
  const browser = { 'accept-language': 'fr, de-AT;q=0.8, en;q=0.9' }
  assert.equal(tagFor('/', browser), 'en')
  assert.equal(tagFor('/', { 'accept-language': 'fr-CA, de-AT;q=0.8, en;q=0.3' }), 'de')
  assert.equal(tagFor('/', browser, 'https://id.example/self-service/login/browser?ui_locales=fr+de'), 'de')
  assert.equal(tagFor('/', { ...browser, cookie: 'zelos_language=en' }, 'https://id.example/?ui_locales=de'), 'en')
  assert.equal(tagFor('/?ui_locales=fr%20de-CH', { ...browser, cookie: 'zelos_language=en' }), 'de')
  assert.equal(tagFor('/', { 'accept-language': 'de;q=0, fr' }), 'en')
  assert.equal(tagFor('/?ui_locales=../../etc', { 'accept-language': ',;q=x,,' }), 'en')
  assert.equal(tagFor('/'), 'en')
})

test('only a choice in the query is worth keeping', () => {
  assert.equal(negotiateLanguage(requestOf('GET', '/?ui_locales=de')).chosen, true)
  assert.equal(negotiateLanguage(requestOf('GET', '/?ui_locales=fr')).chosen, false)
  assert.equal(negotiateLanguage(requestOf('GET', '/'), 'https://id.example/?ui_locales=de').chosen, false)
})

test('moments are written as each language writes them', () => {
  const moment = Date.UTC(2026, 0, 31, 18, 30) * 1000
  const inTongue = (tag: string) => negotiateLanguage(requestOf('GET', `/?ui_locales=${tag}`)).language.moment(moment)
  assert.equal(inTongue('de'), '31.01.2026, 18:30 UTC')
  assert.match(inTongue('en'), /^Jan 31, 2026, 6:30\sPM UTC$/)
})
