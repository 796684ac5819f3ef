// The pages in a real browser. One browser serves all tests; each person in them has a context of their own.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { renderForm } from '../../src/pages/form.ts'
import { negotiateLanguage } from '../../src/pages/language.ts'
import { inputNode, type UiNode } from '../../src/ui/node.ts'
import { launchBrowser } from '../support/browser.ts'
import { startHttpStub, type HttpStub } from '../support/http-stub.ts'
import { minute, startPagesServer, type PagesServer } from '../support/pages-server.ts'
import { requestOf } from '../support/requests.ts'
import {
  checkAccessibility,
  click,
  follow,
  heading,
  lastMessage,
  leave,
  looks,
  newAddress,
  password,
  press,
  register,
  section,
  settled,
  signIn,
  visit,
} from '../support/visitor.ts'

let browser: Browser
let atRoot: PagesServer
let belowAuth: PagesServer
let app: HttpStub

before(async () => {
  app = await startHttpStub()
  app.otherwise(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>The shop</h1>' }))
  const flows = { recovery: { enabled: true }, verification: { enabled: true } }
  const allowed = { selfservice: { allowed_return_urls: [app.origin], flows } }
  // One after another, so that all that is there can be closed if the next one fails.
  atRoot = await startPagesServer(allowed)
  belowAuth = await startPagesServer({}, '/auth')
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await Promise.all([atRoot?.close(), belowAuth?.close(), app?.close()])
})

const visitor = (options: BrowserContextOptions = {}): Promise<Page> => visit(browser, options)

for (const javaScriptEnabled of [true, false]) {
  for (const path of ['', '/auth']) {
    test(`from signing up to signing in again, ${javaScriptEnabled ? 'with' : 'without'} scripts${path && ` below ${path}`}`, async () => {
      const server = path === '' ? atRoot : belowAuth
      const page = await visitor({ javaScriptEnabled })
      await page.goto(server.url)
      assert.equal(await heading(page), 'Welcome to Zelos')
      await follow(page, 'Create an account')
      const address = await register(page, server)
      assert.equal(page.url().replace(/\/$/, ''), server.url)
      assert.equal(await heading(page), 'Hello, Ada')
      assert.match(await section(page, 'About you').innerText(), new RegExp(address))

      // What is saved is said where it was saved.
      await follow(page, 'Settings')
      await page.getByLabel('First name').fill('Augusta')
      await click(section(page, 'Profile').getByRole('button', { name: 'Save' }))
      assert.match(await section(page, 'Profile').innerText(), /Your changes are saved/)
      assert.doesNotMatch(await section(page, 'Password').innerText(), /saved/)
      assert.equal(await page.title(), 'Saved: Profile – Zelos')
      assert.equal(await page.getByLabel('First name').inputValue(), 'Augusta')

      // The sign-in is too old to change the password: it waits until the person has signed in once more.
      server.pass(90 * minute)
      await page.goto(`${server.url}/settings`)
      await page.locator('[name=password]').fill('a-new-engine-of-analysis')
      await click(section(page, 'Password').getByRole('button', { name: 'Save' }))
      assert.equal(await heading(page), 'Confirm that it is you')
      assert.match(await page.locator('main').innerText(), new RegExp(`signed in as ${address}`))
      await page.locator('[name=password]').fill(password)
      await press(page, 'Sign in')
      assert.equal(await heading(page), 'Settings')
      assert.match(await section(page, 'Password').innerText(), /Your changes are saved/)

      // Another device signs in and is signed out from here.
      const phone = await visitor({
        javaScriptEnabled,
        userAgent:
          'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      })
      await phone.goto(`${server.url}/login`)
      await signIn(phone, address, password)
      assert.match(await phone.getByRole('alert').innerText(), /wrong/)
      await signIn(phone, address, 'a-new-engine-of-analysis')
      assert.equal(await heading(phone), 'Hello, Augusta')
      await follow(page, 'Account')
      const sessions = section(page, 'Where you are signed in')
      assert.match(await sessions.innerText(), /Chrome on Linux\s+This device[^]*Safari on iPhone/)
      await press(page, 'Sign out on: Safari on iPhone')
      assert.match(await page.getByRole('status').innerText(), /That session has ended/)
      assert.match(await sessions.innerText(), /You are signed in nowhere else/)
      await phone.reload()
      assert.equal(await heading(phone), 'Welcome to Zelos')
      await leave(phone)

      await follow(page, 'Sign out')
      assert.equal(await heading(page), 'Sign out?')
      await press(page, 'Sign out')
      assert.equal(await heading(page), 'Welcome to Zelos')
      await page.goto(`${server.url}/settings`)
      assert.equal(await heading(page), 'Sign in')
      assert.match(await page.getByRole('status').innerText(), /Please sign in first/)
      await signIn(page, address, 'a-new-engine-of-analysis')
      assert.equal(await heading(page), 'Settings')
      await leave(page)
    })
  }
}

test('everywhere else is left with one button', async () => {
  const page = await visitor()
  const address = await register(page, atRoot)
  const others = await Promise.all([visitor(), visitor()])
  for (const other of others) {
    await other.goto(`${atRoot.url}/login`)
    await signIn(other, address, password)
  }
  await page.reload()
  await press(page, 'Sign out everywhere else')
  assert.match(await page.getByRole('status').innerText(), /All other sessions have ended/)
  for (const other of others) {
    await other.reload()
    assert.equal(await heading(other), 'Welcome to Zelos')
    await leave(other)
  }
  assert.equal(await heading(page), 'Hello, Ada')
  await leave(page)
})

test('what has to be mended is said on top, in the title and beside its field', async () => {
  const page = await visitor()
  await page.goto(`${atRoot.url}/registration`)
  await page.getByLabel('E-mail address').fill(newAddress('ada'))
  if ((await page.locator('[type=password]').count()) === 0) await press(page, 'Sign up')
  await page.locator('[name=password]').fill('short')
  await press(page, 'Sign up')
  assert.match(await page.title(), /^Error: /)
  const alert = page.getByRole('alert')
  assert.match(await alert.innerText(), /Password: Use a password of 8 characters or more, not 5/)
  assert.equal(await page.evaluate('document.activeElement.getAttribute("role")'), 'alert')
  const field = page.locator('[name=password]')
  assert.equal(await field.getAttribute('aria-invalid'), 'true')
  const described = await field.getAttribute('aria-describedby')
  assert.match(await page.locator(`#${described}`).innerText(), /8 characters or more/)
  await click(alert.getByRole('link'))
  assert.equal(await page.evaluate('document.activeElement.name'), 'password')
  await leave(page)
})

test('a form that was open for too long is replaced, and its owner is told', async () => {
  const page = await visitor()
  await page.goto(`${atRoot.url}/login?return_to=${app.origin}/basket`)
  const old = page.url()
  await page.getByLabel('E-mail address').fill('ada@shop.example')
  await page.locator('[name=password]').fill(password)
  atRoot.pass(90 * minute)
  await press(page, 'Sign in with password')
  assert.match(await page.getByRole('alert').innerText(), /took too long/)
  await page.goto(old)
  assert.match(await page.getByRole('status').innerText(), /open for too long. Here is a fresh one/)
  assert.notEqual(page.url(), old)
  await page.goto(`${atRoot.url}/registration?flow=8d3e9e6e-57a4-4c8e-9a5e-0c5e21a3c3d1`)
  assert.match(await page.getByRole('status').innerText(), /is gone. Here is a fresh one/)
  // Where the person wanted to go is kept.
  await page.goto(old)
  const address = await register(await page.context().newPage(), atRoot)
  await page.context().clearCookies()
  await page.goto(`${atRoot.url}/login?return_to=${app.origin}/basket`)
  atRoot.pass(90 * minute)
  await page.reload()
  await signIn(page, address, password)
  assert.equal(page.url(), `${app.origin}/basket`)
  await leave(page)
})

test('going back after signing in does not lead to a form that is of no use', async () => {
  const page = await visitor()
  const address = await register(page, atRoot)
  await page.context().clearCookies()
  await page.goto(`${atRoot.url}/login`)
  await signIn(page, address, password)
  assert.equal(await heading(page), 'Hello, Ada')
  await page.goBack()
  await page.reload()
  assert.equal(await heading(page), 'Hello, Ada')
  await leave(page)
})

test('two tabs do not get into each other’s way', async () => {
  const first = await visitor()
  const address = await register(first, atRoot)
  await first.context().clearCookies()
  const second = await first.context().newPage()
  for (const tab of [first, second]) await tab.goto(`${atRoot.url}/login`)
  await signIn(first, address, password)
  assert.equal(await heading(first), 'Hello, Ada')
  await signIn(second, address, password)
  assert.equal(await heading(second), 'Hello, Ada')

  for (const tab of [first, second]) await tab.goto(`${atRoot.url}/settings`)
  for (const [tab, name] of [
    [first, 'Augusta'],
    [second, 'Byron'],
  ] as const) {
    await tab.getByLabel('First name').fill(name)
    await click(section(tab, 'Profile').getByRole('button', { name: 'Save' }))
    assert.match(await section(tab, 'Profile').innerText(), /Your changes are saved/)
  }
  await leave(first)
})

test('a form of somebody else is not shown', async () => {
  const [ada, eve] = [await visitor(), await visitor()]
  await register(ada, atRoot)
  await register(eve, atRoot, newAddress('eve'), 'Eve')
  await ada.goto(`${atRoot.url}/settings`)
  await eve.goto(ada.url())
  assert.match(await eve.getByRole('status').innerText(), /belongs to somebody else/)
  assert.equal(await eve.getByLabel('First name').inputValue(), 'Eve')
  await ada.goto(`${atRoot.url}/logout`)
  await press(ada, 'Sign out')
  await ada.goto(`${atRoot.url}/login`)
  const login = ada.url()
  await eve.context().clearCookies()
  await eve.goto(`${atRoot.url}/login`)
  await eve.goto(login)
  assert.match(await eve.getByRole('status').innerText(), /in another browser/)
  await Promise.all([leave(ada), leave(eve)])
})

test('a browser that keeps no cookies is told so, and not sent in circles', async () => {
  const page = await visitor()
  await page.goto(`${atRoot.url}/login`)
  const answer = await fetch(page.url())
  assert.equal(answer.status, 403)
  assert.match(await answer.text(), /Please allow cookies/)
  await leave(page)
})

test('hostile values are shown as what they are', async () => {
  const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>'`
  const page = await visitor()
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  await register(page, atRoot, newAddress('eve'), evil)
  assert.equal(await heading(page), `Hello, ${evil}`)
  await page.goto(`${atRoot.url}/settings`)
  assert.equal(await page.getByLabel('First name').inputValue(), evil)
  const query = encodeURIComponent(evil)
  for (const target of [
    `/?done=${query}&ui_locales=${query}`,
    `/settings?flow=${query}`,
    `/settings?flow=${query}&return_to=${query}`,
    `/logout?return_to=${query}`,
    `/error?id=${query}`,
    `/login?return_to=javascript:alert(3)`,
    `/login?refresh=true&notice=${query}&ui_locales=${query}`,
    `/self-service/login/browser?refresh=true&notice=__proto__&ui_locales=constructor`,
    `/self-service/login/browser?aal=${query}`,
  ]) {
    await page.goto(`${atRoot.url}${target}`)
    assert.equal(await page.locator('img[src=x], script:not([src])').count(), 0, target)
  }
  await page.goto(`${atRoot.url}/login?refresh=true`)
  await page.context().clearCookies()
  await page.goto(`${atRoot.url}/login`)
  await signIn(page, evil, evil)
  assert.equal(await page.getByLabel('E-mail address').inputValue(), evil)
  assert.deepEqual(dialogs, [])
  await leave(page)
})

test('an address that is not on the list ends on the error page, in plain words', async () => {
  const page = await visitor()
  await page.goto(`${atRoot.url}/login?return_to=https://evil.example`)
  assert.equal(await heading(page), 'That did not work')
  assert.match(await page.locator('main').innerText(), /not on our list/)
  await click(page.getByText('Details for support'))
  assert.match(await page.locator('details').innerText(), /Code\s+400[^]*evil\.example/)
  await follow(page, 'Back to the start')
  assert.equal(await heading(page), 'Welcome to Zelos')
  await page.goto(`${atRoot.url}/error`)
  assert.equal(await heading(page), 'This is not here')
  await leave(page)
})

test('pages speak the language of the browser, or the one that was chosen', async () => {
  const page = await visitor({ locale: 'de-AT' })
  await page.goto(`${atRoot.url}/login`)
  assert.deepEqual([await heading(page), await page.locator('html').getAttribute('lang')], ['Anmelden', 'de'])
  await page.getByRole('button', { name: 'Mit Passwort anmelden' }).waitFor()
  await follow(page, 'English')
  assert.equal(await heading(page), 'Sign in')
  await page.goto(atRoot.url)
  assert.equal(await heading(page), 'Welcome to Zelos')
  await page.context().clearCookies()
  await page.goto(`${atRoot.url}/self-service/registration/browser?ui_locales=en`)
  assert.equal(await heading(page), 'Create an account')
  await leave(page)
})

test('a password can be shown and hidden, and pasted', async () => {
  const page = await visitor()
  await page.goto(`${atRoot.url}/login`)
  const field = page.locator('[name=password]')
  await field.fill(password)
  const show = page.getByRole('button', { name: 'Show password' })
  await click(show)
  assert.deepEqual(
    [await field.getAttribute('type'), await show.getAttribute('aria-pressed'), await show.innerText()],
    ['text', 'true', 'Hide'],
  )
  await click(show)
  assert.equal(await field.getAttribute('type'), 'password')
  const paste =
    'document.querySelector("[name=password]").dispatchEvent(new ClipboardEvent("paste", { cancelable: true }))'
  assert.equal(await page.evaluate(paste), true)
  await leave(page)
})

test('the keyboard alone is enough', async () => {
  const page = await visitor()
  const address = newAddress('grace')
  await page.goto(atRoot.url)
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 25; presses++) {
      await page.keyboard.press('Tab')
      const said = await page.evaluate<string>(
        '(({ ariaLabel, labels, innerText }) => ariaLabel ?? labels?.[0]?.innerText ?? innerText)(document.activeElement)',
      )
      if (!said.startsWith(name)) continue
      const ring = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
      assert.equal(ring, 'solid', `the focus on ${name} can be seen`)
      return
    }
    assert.fail(`${name} is not reached`)
  }
  await page.keyboard.press('Tab')
  assert.equal(await page.locator(':focus').innerText(), 'Skip to content')
  await tabTo('Create an account')
  await page.keyboard.press('Enter')
  await page.waitForURL(/registration/)
  await settled(page)
  // The first field has the focus already.
  await page.keyboard.type(address)
  await tabTo('First name')
  await page.keyboard.type('Grace')
  await page.keyboard.press('Enter')
  await page.locator('[name=password]:focus').waitFor()
  await settled(page)
  await page.keyboard.type(password)
  await tabTo('Sign up')
  await page.keyboard.press('Space')
  await page.waitForURL(`${atRoot.url}/`)
  assert.equal(await heading(page), 'Hello, Grace')
  await settled(page)
  await tabTo('Settings')
  await page.keyboard.press('Enter')
  await page.waitForURL(/settings/)
  await settled(page)
  await tabTo('Last name')
  await page.keyboard.type('Hopper')
  await tabTo('Save')
  await page.keyboard.press('Enter')
  await page.getByText('Your changes are saved').waitFor()
  await leave(page)
})

for (const javaScriptEnabled of [true, false]) {
  test(`somebody who forgot the password gets a code and sets a new one, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = await register(page, atRoot)
    await page.context().clearCookies()
    await page.goto(`${atRoot.url}/login`)
    await follow(page, 'Forgot your password?')
    assert.equal(await heading(page), 'Recover your account')
    await page.locator('[name=email]').fill(address)
    await press(page, 'Continue')
    await page.locator('[name=code]').fill('000000')
    await press(page, 'Continue')
    await page.getByRole('alert').waitFor()
    const code = /\b\d{6}\b/.exec(await lastMessage(atRoot, address, /recover/i))?.[0]
    assert.ok(code, 'a code was sent')
    await page.locator('[name=code]').fill(code)
    await press(page, 'Continue')
    assert.equal(await heading(page), 'Settings')
    await page.locator('[name=password]').fill('a-new-engine-of-analysis')
    await click(section(page, 'Password').getByRole('button', { name: 'Save' }))
    assert.match(await section(page, 'Password').innerText(), /Your changes are saved/)
    await leave(page)
  })
}

test('an address is verified with a code', async () => {
  const page = await visitor()
  const address = await register(page, atRoot)
  await page.goto(`${atRoot.url}/verification`)
  assert.equal(await heading(page), 'Verify your address')
  await page.locator('[name=email]').fill(address)
  await press(page, 'Continue')
  const code = /\b\d{6}\b/.exec(await lastMessage(atRoot, address, /verif/i))?.[0]
  assert.ok(code, 'a code was sent')
  await page.locator('[name=code]').fill(code)
  await press(page, 'Continue')
  await page.locator('.success').waitFor()
  await follow(page, 'Continue')
  assert.equal(await heading(page), 'Hello, Ada')
  await leave(page)
})

test('the buttons of passkeys and the copies of codes come to life with the script', async () => {
  const page = await visitor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const { language } = negotiateLanguage(requestOf('GET', '/'))
  const script = {
    src: `${atRoot.url}/fake-webauthn.js`,
    async: true,
    referrerpolicy: 'no-referrer',
    crossorigin: 'anonymous',
    integrity: '',
    type: 'text/javascript',
    id: 's',
    nonce: '',
  }
  const nodes: UiNode[] = [
    { type: 'script', group: 'webauthn', attributes: { ...script, node_type: 'script' }, messages: [], meta: {} },
    inputNode({
      group: 'passkey',
      name: 'passkey_login',
      type: 'hidden',
      onloadTrigger: 'oryPasskeyLoginAutocompleteInit',
    }),
    inputNode({
      group: 'passkey',
      name: 'key',
      type: 'button',
      value: '{"publicKey":1}',
      onclickTrigger: 'oryWebAuthnLogin',
      label: { id: 1, text: 'Use the key', type: 'info' },
    }),
    {
      type: 'text',
      group: 'totp',
      attributes: { node_type: 'text', id: 'secret', text: { id: 1, text: 'JBSWY3DP', type: 'info' } },
      messages: [],
      meta: {},
    },
  ]
  const { body } = renderForm({ action: '/x', method: 'POST', nodes, messages: [] }, { language, layout: 'single' })
  await page.goto(`${atRoot.url}/login`)
  const module = await page.locator('script[type=module]').getAttribute('src')
  await page.route('**/trigger', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<html lang="en">${String(body)}<pre></pre><script type="module" src="${module}"></script>`,
    }),
  )
  // It comes later than our own script, as it may.
  await page.route('**/fake-webauthn.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const said = 'document.querySelector("pre").textContent +='
    await route.fulfill({
      contentType: 'text/javascript',
      headers: { 'access-control-allow-origin': '*' },
      body: `window.oryPasskeyLoginAutocompleteInit = (...a) => { ${said} "loaded " + a.length }; window.oryWebAuthnLogin = (o) => { ${said} ", clicked " + o.publicKey }`,
    })
  })
  await page.goto(`${atRoot.url}/trigger`)
  await page.getByText('loaded 0').waitFor()
  await press(page, 'Use the key')
  await page.getByText('loaded 0, clicked 1').waitFor()
  await press(page, 'Copy')
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'JBSWY3DP')
  await leave(page)
})

describe('accessibility', () => {
  for (const [look, options] of Object.entries(looks)) {
    test(`nothing is found on any page, ${look}`, async () => {
      const page = await visitor(options)
      const check = (state: string) => checkAccessibility(page, state)
      const { url } = atRoot
      await page.goto(url)
      await check('welcome')
      await page.goto(`${url}/login`)
      await check('login')
      await page.goto(`${url}/login`)
      await page.locator('[name=identifier]').fill('nobody')
      await page.locator('[name=password]').fill('nothing')
      await click(page.locator('button[name=method][value=password]'))
      await check('login, wrong password')
      await page.goto(`${url}/login?flow=8d3e9e6e-57a4-4c8e-9a5e-0c5e21a3c3d1`)
      await check('login, with a notice')
      for (const name of ['recovery', 'verification']) {
        await page.goto(`${url}/${name}`)
        await check(name)
        await page.goto(`${url}/${name}`)
        await page.locator('[name=email]').fill('nobody@shop.example')
        await click(page.locator('button[name=method]'))
        await page.locator('[name=code]').waitFor()
        await check(`${name}, code sent`)
      }
      await page.goto(`${url}/error`)
      await check('unknown error')
      await page.goto(`${url}/login?return_to=https://evil.example`)
      await click(page.locator('summary'))
      await check('error with its details')
      await page.goto(`${url}/registration`)
      await check('registration')
      await page.goto(`${url}/registration`)
      await page
        .locator('[name="traits.email"]')
        .fill(newAddress('a-person-with-a-long-name-that-does-not-fit-in-one-line'))
      await page.locator('[name="traits.name.first"]').fill('Wolfeschlegelsteinhausenbergerdorff '.repeat(3))
      if ((await page.locator('[type=password]').count()) === 0) await click(page.locator('button[name=method]'))
      await check('registration, second screen')
      await page.locator('[name=password]').fill('short')
      await click(page.locator('button[name=method][value=password]'))
      await check('registration, to be mended')
      await page.locator('[name=password]').fill(password)
      await click(page.locator('button[name=method][value=password]'))
      await page.locator('.sessions').waitFor()
      await check('account')
      await page.goto(`${url}/?done=ended`)
      await check('account, with a notice')
      await page.goto(`${url}/settings`)
      await check('settings')
      await page.goto(`${url}/settings`)
      await page.locator('[name=password]').fill('short')
      await click(page.locator('section:has([name=password]) button[name=method]'))
      await page.getByRole('alert').waitFor()
      await check('settings, to be mended')
      await page.goto(`${url}/settings`)
      await click(page.locator('section:has([name="traits.name.last"]) button[name=method]'))
      await page.locator('.success').waitFor()
      await check('settings, saved')
      await page.goto(`${url}/login?refresh=true`)
      await check('login once more')
      await page.goto(`${url}/logout`)
      await check('logout')
      await page.context().close()
    })
  }
})
