import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceName } from './user-agent.ts'

test('browsers and systems are told apart by what they say of themselves', () => {
  const name = (text: string) => Object.values(deviceName(text) ?? {}).join(' on ')
  const like =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
  assert.equal(name(like), 'Chrome on Windows')
  assert.equal(name(`${like} Edg/126.0.0.0`), 'Edge on Windows')
  assert.equal(name('Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0'), 'Firefox on Linux')
  assert.equal(
    name(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
    ),
    'Safari on iPhone',
  )
  assert.equal(
    name(
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    ),
    'Chrome on Android',
  )
  assert.equal(deviceName('curl/8.5.0'), undefined)
  assert.equal(deviceName(null), undefined)
})
