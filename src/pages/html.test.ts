import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attributes, type Content, Html, html } from './html.ts'

const hostile = `"><script>alert('1')</script>\``
const shown = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&#96;'

test('texts are escaped, in content and in attributes', () => {
  assert.equal(String(html`<p>${hostile}</p>`), `<p>${shown}</p>`)
  assert.equal(String(html`<p title="${hostile}">x</p>`), `<p title="${shown}">x</p>`)
  assert.equal(String(html`<p title="a ${hostile} b" lang="${'en'}">x</p>`), `<p title="a ${shown} b" lang="en">x</p>`)
  assert.equal(String(html`<p${attributes({ title: hostile })}></p>`), `<p title="${shown}"></p>`)
})

test('pieces, lists and numbers are put together, and what is not there leaves nothing', () => {
  const items: Content = ['a<', 2, html`<b>c</b>`, [null, undefined, false, '&']]
  assert.equal(String(html`<ul>${items}</ul>`), '<ul>a&lt;2<b>c</b>&amp;</ul>')
  const input = attributes({ value: '', required: true, disabled: false, id: undefined, min: 0 })
  assert.equal(String(html`<input${input}>`), '<input value="" required min="0">')
})

test('an address that would be run leads nowhere', () => {
  const runs = ['javascript:alert(1)', ' JaVa\tScript:alert(1)', '\u0001javascript:1', 'vbscript:x', 'data:text/html,x']
  for (const bad of runs) {
    assert.equal(String(html`<a href="${bad}">x</a>`), '<a href="#">x</a>')
    assert.equal(String(html`<a${attributes({ href: bad })}>x</a>`), '<a href="#">x</a>')
  }
  assert.equal(String(html`<img src="${'data:image/png;base64,AA=='}">`), '<img src="data:image/png;base64,AA==">')
  assert.equal(String(html`<a href="${'data:image/svg+xml,x'}">x</a>`), '<a href="#">x</a>')
  for (const good of ['/a?b=c&d', 'https://shop.example/javascript:', '//x', 'app://back', 'mailto:a@b.example'])
    assert.equal(String(html`<a href="${good}">x</a>`), `<a href="${good.replace('&', '&amp;')}">x</a>`)
})

test('a template that puts a value where escaping cannot help is refused', () => {
  const x = 'x'
  assert.throws(() => html`<${x}>`)
  assert.throws(() => html`</${x}>`)
  assert.throws(() => html`<a href=${x}>`)
  assert.throws(() => html`<a href='${x}'>`)
  assert.throws(() => html`<a ${x}>`)
  assert.throws(() => html`<a title="a" ${x}>`)
  assert.throws(() => html`<a ${x}="1">`)
  assert.throws(() => html`<a href=${attributes({ title: 'a' })}>`)
  assert.throws(() => html`<a onclick="${x}">`)
  assert.throws(() => html`<a style="${x}">`)
  assert.throws(() => html`<script>${x}</script>`)
  assert.throws(() => html`<style>${x}</style>`)
  assert.throws(() => html`<script${attributes({ id: 'a' })}>${x}</script>`)
  assert.throws(() => html`<script>alert(1)</script>`)
  assert.throws(() => html`<!-- ${x} -->`)
  assert.throws(() => html`<a`)
  assert.throws(() => html`<p>${attributes({ title: 'a' })}</p>`)
  assert.throws(() => html`<p title="${html`<b>x</b>`}"></p>`)
  assert.throws(() => attributes({ onclick: x }))
  assert.throws(() => attributes({ 'a b': x }))
  assert.throws(() => attributes({ 'a=1': x }))
})

test('nobody else makes HTML', () => {
  const forged = { toString: () => '<script>' } as unknown as Html
  assert.throws(() => html`<p>${forged}</p>`)
  assert.throws(() => Html.maker(Symbol('html')))
})
