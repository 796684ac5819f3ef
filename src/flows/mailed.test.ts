import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf } from '../../test/support/requests.ts'
import { isLookAhead, isLooseEmail, readSubmission, withParameters } from './mailed.ts'

test('mail addresses may be odd, but have two parts and a domain that can exist', () => {
  const good = ['a@b', 'a..b.@shop.example', "o'hara+x@shop.example", 'käthe@bücher.example', '.@x-1.example']
  const bad = [
    '',
    '@',
    'a@',
    '@b',
    'a b@c.example',
    'a@b@c.example',
    'a@b c',
    '"a"@b.example',
    'a@[::1]',
    `${'x'.repeat(310)}@shop.example`,
  ]
  assert.deepEqual(
    good.filter((text) => !isLooseEmail(text)),
    [],
  )
  assert.deepEqual(bad.filter(isLooseEmail), [])
})

test('browsers and scanners that look ahead are told from people', () => {
  const asked = (method: string, headers: Record<string, string> = {}) =>
    isLookAhead(requestOf(method, '/', { headers }))
  assert.equal(asked('GET'), false)
  assert.equal(asked('POST'), false)
  assert.equal(asked('HEAD'), true)
  assert.equal(asked('GET', { 'sec-purpose': 'prefetch;prerender' }), true)
  assert.equal(asked('GET', { purpose: 'prefetch' }), true)
})

const spec = {
  fields: [
    { name: 'code', type: 'string' as const },
    { name: 'email', type: 'string' as const },
  ],
}
const submitted = async (contentType: string, body: string) =>
  await readSubmission(
    requestOf('POST', '/self-service/recovery?code=from-query', { headers: { 'content-type': contentType }, body }),
    spec,
  )

test('the query counts before JSON, and behind a form', async () => {
  const json = await submitted('application/json', '{"code":"from-body","email":"a@b.example"}')
  assert.deepEqual(json, { kind: 'ok', value: { code: 'from-query', email: 'a@b.example' } })
  const form = await submitted('application/x-www-form-urlencoded', 'code=from-body')
  assert.deepEqual(form, { kind: 'ok', value: { code: 'from-body' } })
  assert.deepEqual(await submitted('application/x-www-form-urlencoded', 'email=a'), {
    kind: 'ok',
    value: { code: 'from-query', email: 'a' },
  })
})

test('parameters can be added to the address of a request', () => {
  const request = withParameters(requestOf('POST', '/x?flow=1'), {
    return_to: 'https://shop.example/a?b',
    other: undefined,
  })
  assert.equal(request.target, '/x?flow=1&return_to=https%3A%2F%2Fshop.example%2Fa%3Fb')
  assert.equal(request.query.get('return_to'), 'https://shop.example/a?b')
  assert.equal(request.method, 'POST')
})
