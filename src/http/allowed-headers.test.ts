import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedHeaders } from './allowed-headers.ts'

const sent: Record<string, string[]> = {
  'user-agent': ['app/1.0'],
  cookie: ['session=secret'],
  'x-tag': ['one', 'two'],
}
const request = { headerLines: (name: string) => sent[name] ?? [] }

test('only headers of the list are seen, in whatever case it names them, under their usual names', () => {
  assert.deepEqual(allowedHeaders(request, ['USER-AGENT', 'x-Tag', 'Accept']), {
    'User-Agent': ['app/1.0'],
    'X-Tag': ['one', 'two'],
  })
})
