import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentPolicy, returnUrlsIn } from './policy.ts'

const directive = (policy: string, name: string) => policy.split('; ').find((part) => part.startsWith(`${name} `))

test('forms lead to us and to where people may be sent, and nothing can be smuggled in', () => {
  const policy = contentPolicy({
    publicBaseUrl: 'https://id.example/auth/',
    targets: [
      'https://shop.example/back',
      'https://*.shop.example',
      'https://SHOP.example',
      'my-app://back',
      '/here',
      'https://x;script-src *',
      'data:x',
      'http://[::1]:80/',
    ],
    images: ['https://cdn.example/logo.svg', '/logo.svg'],
  })
  assert.equal(
    directive(policy, 'form-action'),
    "form-action 'self' https://id.example https://shop.example https://*.shop.example my-app: http://[::1]:80",
  )
  assert.equal(directive(policy, 'img-src'), "img-src 'self' https://id.example data: https://cdn.example")
  assert.doesNotMatch(policy, /unsafe|\*;| \*/)
  assert.match(policy, /frame-ancestors 'none'/)
})

test('only a page with a button that leads to another sign-in lets forms lead anywhere', () => {
  const formAction = (publicBaseUrl: string, elsewhere: boolean) =>
    directive(contentPolicy({ publicBaseUrl, targets: [], images: [], elsewhere }), 'form-action')
  assert.equal(formAction('https://id.example', false), "form-action 'self' https://id.example")
  assert.equal(formAction('https://id.example', true), "form-action 'self' https://id.example https:")
  assert.equal(formAction('http://127.0.0.1:4433', true), "form-action 'self' http://127.0.0.1:4433 https: http:")
})

test('return addresses are found wherever they stand', () => {
  const flows = {
    login: {
      after: {
        default_browser_return_url: 'https://a.example',
        password: { default_browser_return_url: 'https://b.example' },
      },
    },
    default_browser_return_url: '/',
    x: [null],
  }
  assert.deepEqual(returnUrlsIn(flows), ['https://a.example', 'https://b.example', '/'])
})
