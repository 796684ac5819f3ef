import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contrast, shadesOf } from './colours.ts'

test('the contrast of black and white is 21, that of a colour with itself 1', () => {
  assert.equal(Math.round(contrast('#000000', '#ffffff')), 21)
  assert.equal(contrast('#3454d1', '#3454d1'), 1)
})

test('whatever the accent, buttons and links can be read on light and on dark ground', () => {
  for (const accent of [
    '#3454d1',
    '#ffff00',
    '#000000',
    '#ffffff',
    '#ff0000',
    '#00ff00',
    '#808080',
    '#777777',
    '#0f6b5c',
  ]) {
    const { light, dark } = shadesOf(accent)
    assert.equal(light.accent, accent)
    for (const [shades, ground] of [
      [light, '#f4f5f8'],
      [light, '#ffffff'],
      [dark, '#14171c'],
      [dark, '#1c2027'],
    ] as const) {
      assert.ok(contrast(shades.onAccent, shades.accent) >= 4.5, `${accent}: button`)
      assert.ok(contrast(shades.link, ground) >= 4.5, `${accent}: link on ${ground}`)
    }
  }
})
