import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoUrl } from './go-url.ts'

test('a URL with a scheme is absolute, whatever the scheme', () => {
  for (const url of [
    'https://shop.example/',
    'capacitor://localhost',
    'base64://e30=',
    'file:///etc/x',
    'mailto:ada',
    'http://[::1]:80/',
    'https://*.b.example',
  ])
    assert.notEqual(parseGoUrl(url)?.scheme ?? '', '', url)
})

test('what has no scheme is a relative reference', () => {
  for (const url of ['', '/welcome', 'x.json', '//shop.example/a', '?a=b', '#top', 'a/b:c', 'not a url'])
    assert.equal(parseGoUrl(url)?.scheme, '', url)
})

test('broken escapes, ports, hosts and control characters are refused', () => {
  for (const url of [
    'http://a/%zz',
    '/%1',
    '#%q1',
    'http://a:port/',
    'http://a b/',
    'http://[::1/',
    ':x',
    '1a:b',
    'http://%41/',
    'http://u|r@a/',
    'http://a/\n',
  ])
    assert.equal(parseGoUrl(url), undefined, url)
})
