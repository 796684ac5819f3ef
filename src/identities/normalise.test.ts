import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normaliseEmail, normaliseGracefully, normalisePhone } from './normalise.ts'

const become = (vectors: [string, string][]) => {
  for (const [text, expected] of vectors) assert.equal(normaliseGracefully(text), expected, JSON.stringify(text))
}

test('letter case, white space around, width and ligatures do not tell identifiers apart', () => {
  become([
    ['  A\u200BLICE@Example.com ', 'alice@example.com'],
    ['o\uFB03ce@x.example', 'office@x.example'],
    ['\t\u0085\u00a0\u3000Kim\n', 'kim'],
    ['ＦＵＬＬ', 'full'],
    ['Ångström', 'ångström'],
    ['e\u0301clair', 'éclair'],
    ['ZOE\u0308', 'zoë'],
    ['İstanbul', 'i\u0307stanbul'],
    ['ẞ', 'ß'],
    ['straße', 'straße'],
    ['strasse', 'strasse'],
    ['ſ', 's'],
    ['①', '1'],
    ['x²', 'x2'],
    ['℡', 'tel'],
    ['\u212Belvin', 'åelvin'],
    ['ｶﾅ', 'カナ'],
    ['ﻻ', 'لا'],
    ['Ꮳ', 'ꮳ'],
    ['', ''],
    ['  ', ''],
  ])
})

test('scripts and emoji survive, and letters that look alike stay apart', () => {
  become([
    ['日本語', '日本語'],
    ['שלום', 'שלום'],
    ['מזל 1', 'מזל 1'],
    ['👩‍🚀rocket', '👩🚀rocket'],
    ['cyrillic-а', 'cyrillic-а'],
  ])
  assert.notEqual(normaliseGracefully('a'), normaliseGracefully('а'))
})

test('what shows as nothing, controls, private and unassigned characters vanish', () => {
  become([
    ['A\u0007B', 'ab'],
    ['tab\there', 'tabhere'],
    ['a\u200bb\u200dc', 'abc'],
    ['\u202eevil', 'evil'],
    ['a\u00adb\u034fc\u2060d\ufeffe\u0085f', 'abcdef'],
    ['a\u{e0041}\u{e007f}b', 'ab'],
    ['a\ue000\u0378b', 'ab'],
    ['a\ud800b', 'a\ufffdb'],
    ['  in  ner  ', 'in  ner'],
    ['a \u200b', 'a'],
    ['\u200b', ''],
  ])
})

test('Σ becomes σ, or ς at the end of a word where the text breaks the rule about directions', () => {
  become([
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
    ['ΓΣ-ΔΣ', 'γσ-δσ'],
    ['ΚΣ@ΛΣ', 'κσ@λσ'],
    ['ΑΣ ΒΣ', 'ας βς'],
    ['ΕΣ.', 'ες.'],
    ['1ΖΣ', '1ζς'],
    ['ΙΣ\u200B', 'ις'],
    ['σας', 'σας'],
    // Characters whose direction does not follow from their category.
    ['ΑΣ\u0cbf', 'ασ\u0cbf'],
    ['ΑΣ\u0c78', 'ας\u0c78'],
    ['ΑΣ\u0964', 'ασ\u0964'],
    ['\u05d01', '\u05d01'],
  ])
})

test('characters for certain company are left out when a text breaks a rule', () => {
  become([
    ['paral·lel', 'paral·lel'],
    ['a·b', 'ab'],
    ['ابج١٢', 'ابج١٢'],
    ['ابج١۲', 'ابج'],
    ['カ・ナ', 'カ・ナ'],
    ['ДЄ\u0640', 'дє'],
    ['ש״ח', 'ש״ח'],
    ['é״', 'é'],
    ['δ͵α', 'δ͵α'],
    ['é͵', 'é'],
  ])
})

test('a valid international telephone number becomes E.164, anything else stays text', () => {
  become([
    ['+49 176 671 11 638', '+4917667111638'],
    ['+1 (415) 555-2671', '+14155552671'],
    ['tel:+1-650-253-0002', '+16502530002'],
    ['tel:253-0002;phone-context=+1-650', '+16502530002'],
    ['+1 650 253 0003 x12', '+16502530003'],
    ['+1 650 253 0003 ext. 12', '+16502530003'],
    ['+1 (650) CALL-NOW', '+16502255669'],
    ['＋1 650 253 0002', '+16502530002'],
    ['001 650 253 0002', '001 650 253 0002'],
    ['0176 67111638', '0176 67111638'],
    ['+49 1', '+49 1'],
    ['+1 650 253 0002 !', '+1 650 253 0002 !'],
    ['kim+16502530002@x.example', 'kim+16502530002@x.example'],
    ['kim+shop@x.example', 'kim+shop@x.example'],
    [`+1650253000${' '.repeat(300)}2`, `+1650253000${' '.repeat(300)}2`],
  ])
  assert.equal(normalisePhone(' +49 (176) 671 11-638 '), '+4917667111638')
  assert.equal(normalisePhone('＋４９ １７６ ６７１１１６３８'), '+4917667111638')
  for (const text of ['', '0176 67111638', '+49 1', 'kim', '+1 650\u0007 253 0002', '\u202e+16502530002'])
    assert.equal(normalisePhone(text), undefined)
})

test('an e-mail address is taken out of what stands around it', () => {
  assert.equal(normaliseEmail('"Jane" <JANE@x.example>'), 'jane@x.example')
  assert.equal(normaliseEmail(' Kim.Q@X.example\n'), 'kim.q@x.example')
  assert.equal(normaliseEmail('1kim@x.example'), '1kim@x.example')
  assert.equal(normaliseEmail('Üser@x.example'), 'üser@x.example')
  assert.equal(normaliseEmail('℡@x.example'), 'tel@x.example')
  assert.equal(normaliseEmail('o\uFB03ce@x.example'), 'office@x.example')
})

test('what is no e-mail address, or holds characters that deceive, is none', () => {
  for (const text of [
    '',
    'kim',
    '@x.example',
    'kim@',
    'a b@x.example',
    'a\u200bb@x.example',
    '\u202ekim@x.example',
    'k\u0007im@x.example',
    '1üser@x.example',
    'שkim@x.example',
  ]) {
    assert.equal(normaliseEmail(text), undefined, JSON.stringify(text))
  }
})

test('a text of a million characters takes no time', () => {
  const start = performance.now()
  normaliseGracefully('ü'.repeat(1_000_000))
  normaliseGracefully(` ${'\u00a0'.repeat(1_000_000)}x`)
  normaliseGracefully(`+${'1'.repeat(100)}${'-'.repeat(140)}!`)
  for (const normalise of [normaliseGracefully, normaliseEmail, normalisePhone]) {
    normalise(`a${'\u0301\u0323'.repeat(500_000)}`)
    normalise('\u1100'.repeat(1_000_000))
  }
  assert.ok(performance.now() - start < 1500)
})
