// Passkeys, security keys, authenticator apps and backup codes on the built-in pages, in a real browser.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { minute, startPagesServer, type PagesServer } from '../support/pages-server.ts'
import { appCode, wrongAppCode } from '../support/second-factors.ts'
import {
  checkAccessibility,
  click,
  enter,
  follow,
  heading,
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
/** With passkeys to sign in with. */
let site: PagesServer
/** With security keys as second factor. */
let keySite: PagesServer

before(async () => {
  const session = { whoami: { required_aal: 'highest_available' } }
  const methods = { code: { passwordless_enabled: false } }
  site = await startPagesServer({ session, selfservice: { methods } })
  keySite = await startPagesServer((origin) => ({
    session,
    selfservice: {
      methods: {
        ...methods,
        passkey: { enabled: false },
        webauthn: { enabled: true, config: { rp: { id: 'localhost', display_name: 'Zelos', origins: [origin] } } },
      },
    },
  }))
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await Promise.all([site?.close(), keySite?.close()])
})

const visitor = (options: BrowserContextOptions = {}): Promise<Page> => visit(browser, options)

/** Plugs in a security key, or gives the browser's device passkeys. Its person agrees to everything. */
async function withAuthenticator(page: Page, kind: 'key' | 'device'): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: kind === 'key' ? 'usb' : 'internal',
      hasResidentKey: kind === 'device',
      hasUserVerification: kind === 'device',
      isUserVerified: kind === 'device',
      automaticPresenceSimulation: true,
    },
  })
}

const save = (page: Page, name: string) => click(section(page, name).getByRole('button', { name: 'Save' }))

async function signOut(page: Page, { url }: PagesServer): Promise<void> {
  await page.goto(`${url}/logout`)
  await press(page, 'Sign out')
  assert.equal(await heading(page), 'Welcome to Zelos')
}

/** Opens a fresh login form. */
const toLogin = (page: Page, { url }: PagesServer) => page.goto(`${url}/self-service/login/browser`)

/** Sets an authenticator app up on the settings page, and returns its secret. */
async function setUpApp(page: Page, server: PagesServer): Promise<string> {
  await page.goto(`${server.url}/settings`)
  const secret = await page.locator('#totp_secret_key code').textContent()
  assert.match(secret ?? '', /^[A-Z2-7]{16,}$/)
  const picture = page.getByRole('img', { name: /authenticator app/ })
  await picture.waitFor()
  assert.equal(await page.evaluate('document.querySelector("#totp_qr").naturalWidth'), 256)
  await page.locator('[name=totp_code]').fill(appCode(secret!, server.now()))
  await save(page, 'Authenticator app')
  assert.match(await section(page, 'Authenticator app').innerText(), /In use[^]*Your changes are saved/)
  assert.equal(await page.title(), 'Saved: Authenticator app – Zelos')
  return secret!
}

test('somebody signs up with a passkey, signs in with it, adds another way and removes the passkey', async () => {
  const page = await visitor()
  await withAuthenticator(page, 'device')
  await page.goto(`${site.url}/registration`)
  await page.getByLabel('E-mail address').fill(newAddress('grace'))
  await page.getByLabel('First name').fill('Grace')
  await press(page, 'Sign up')
  await press(page, 'Sign up with a passkey')
  await page.waitForURL(`${site.url}/`)
  assert.equal(await heading(page), 'Hello, Grace')

  // The only way in cannot be removed.
  await follow(page, 'Settings')
  const passkeys = section(page, 'Passkeys')
  const year = new Date(site.now() / 1000).getFullYear()
  assert.match(await passkeys.innerText(), new RegExp(`In use[^]*Added on .*${year}[^]*This is the last way`))
  const remove = passkeys.getByRole('button', { name: /^Remove the passkey/ })
  assert.ok(await remove.isDisabled())

  // A device that has one already says so, on the page.
  await press(passkeys, 'Add a passkey')
  await passkeys.getByRole('alert').waitFor()
  assert.match(await passkeys.getByRole('alert').innerText(), /added already/)

  // The browser offers the passkey for the field of the name; its owner takes it there …
  await signOut(page, site)
  await toLogin(page, site)
  await page.waitForURL(`${site.url}/`)
  assert.equal(await heading(page), 'Hello, Grace')
  // … or presses the button, in a browser that does not.
  await signOut(page, site)
  await page.addInitScript('delete PublicKeyCredential.isConditionalMediationAvailable')
  await toLogin(page, site)
  await press(page, 'Sign in with a passkey')
  await page.waitForURL(`${site.url}/`)
  assert.equal(await heading(page), 'Hello, Grace')

  await page.goto(`${site.url}/settings`)
  await page.locator('[name=password]').fill(password)
  await save(page, 'Password')
  assert.match(await section(page, 'Password').innerText(), /Your changes are saved/)
  await click(remove)
  assert.match(await passkeys.innerText(), /Your changes are saved/)
  assert.equal(await remove.count(), 0)
  assert.equal(await page.title(), 'Saved: Passkeys – Zelos')
  await leave(page)
})

test('a security key is added with a name, is the second factor from then on, and is removed', async () => {
  const page = await visitor()
  await withAuthenticator(page, 'key')
  const address = await register(page, keySite)
  await page.goto(`${keySite.url}/settings`)
  const keys = section(page, 'Security keys')
  const name = keys.getByLabel('Name of the security key')
  // A name is asked for before the key is touched.
  await press(keys, 'Add a security key')
  assert.equal(await page.evaluate('document.activeElement.name'), 'webauthn_register_displayname')
  await name.fill('Key ring')
  await press(keys, 'Add a security key')
  await keys.locator('.success').waitFor()
  assert.match(await keys.innerText(), /In use[^]*Your changes are saved[^]*Key ring[^]*Added on/)
  // The enter key in the field for another name does not remove this one.
  await name.fill('Drawer')
  await enter(name)
  assert.match(await keys.innerText(), /Key ring/)

  await signOut(page, keySite)
  await toLogin(page, keySite)
  await signIn(page, address, password)
  assert.equal(await heading(page), 'One more step')
  await press(page, 'Sign in with a security key')
  await page.waitForURL(`${keySite.url}/`)
  assert.equal(await heading(page), 'Hello, Ada')

  await page.goto(`${keySite.url}/settings`)
  await click(keys.getByRole('button', { name: /^Remove the security key “?"?Key ring/ }))
  assert.match(await keys.innerText(), /Your changes are saved/)
  assert.doesNotMatch(await keys.innerText(), /Key ring/)
  await leave(page)
})

test('a key that does not answer is told about on the page, and can be tried again', async () => {
  const page = await visitor()
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  await page.addInitScript(
    'let asked = 0; navigator.credentials.get = () => { document.documentElement.dataset.asked = ++asked; return Promise.reject(new DOMException("The operation was not allowed", "NotAllowedError")) }',
  )
  await toLogin(page, site)
  assert.equal(await page.getByLabel('E-mail address').getAttribute('autocomplete'), 'username webauthn')
  await press(page, 'Sign in with a passkey')
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /cancelled, or it took too long/)
  await checkAccessibility(page, 'a passkey that did not answer')
  const asked = Number(await page.locator('html').getAttribute('data-asked'))
  await press(page, 'Sign in with a passkey')
  await page.locator(`html[data-asked="${asked + 1}"]`).waitFor()
  assert.match(await page.getByRole('alert').innerText(), /cancelled, or it took too long/)
  assert.deepEqual(dialogs, [])
  await leave(page)
})

test('without a way to talk to authenticators the page says so', async () => {
  const page = await visitor()
  await page.addInitScript('delete window.PublicKeyCredential')
  await toLogin(page, site)
  await press(page, 'Sign in with a passkey')
  assert.match(await page.getByRole('alert').innerText(), /cannot use passkeys/)
  await leave(page)
})

for (const javaScriptEnabled of [true, false]) {
  const scripts = `${javaScriptEnabled ? 'with' : 'without'} scripts`

  test(`an authenticator app is set up, asked for at the next sign-in, and removed, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = await register(page, site)
    const secret = await setUpApp(page, site)
    await signOut(page, site)
    site.pass(minute)

    await toLogin(page, site)
    await signIn(page, address, password)
    assert.equal(await heading(page), 'One more step')
    const field = page.locator('[name=totp_code]')
    assert.deepEqual(
      [await field.getAttribute('autocomplete'), await field.getAttribute('inputmode')],
      ['one-time-code', 'numeric'],
    )
    await field.fill(wrongAppCode(secret, site.now()))
    await enter(field)
    await page.getByRole('alert').waitFor()
    await field.fill(appCode(secret, site.now()))
    await enter(field)
    await page.waitForURL(`${site.url}/`)
    assert.equal(await heading(page), 'Hello, Ada')

    await page.goto(`${site.url}/settings`)
    await click(section(page, 'Authenticator app').locator('[name=totp_unlink]'))
    assert.match(await section(page, 'Authenticator app').innerText(), /Your changes are saved[^]*Scan this picture/)
    await leave(page)
  })

  test(`whoever lost the phone signs in with a backup code, which works once, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = await register(page, site)
    await setUpApp(page, site)
    const backup = section(page, 'Backup codes')
    await click(backup.locator('[name=lookup_secret_regenerate]'))
    assert.match(await backup.innerText(), /do not work yet/)
    const codes = await backup.locator('.codes code').allInnerTexts()
    assert.equal(codes.length, 12)
    if (javaScriptEnabled) {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await press(backup, 'Copy')
      await backup.getByRole('button', { name: 'Copied' }).waitFor()
      assert.equal(await page.evaluate('navigator.clipboard.readText()'), codes.join('\n'))
      const [file] = await Promise.all([page.waitForEvent('download'), press(backup, 'Download')])
      assert.equal(file.suggestedFilename(), 'backup-codes.txt')
      const text = await readFile(await file.path(), 'utf8')
      for (const code of codes) assert.ok(text.includes(code))
      await page.evaluate('window.print = () => (window.printed = true)')
      await press(backup, 'Print')
      assert.equal(await page.evaluate('window.printed'), true)
    } else assert.equal(await backup.getByRole('button', { name: 'Print' }).count(), 0)
    await click(backup.locator('[name=lookup_secret_confirm]'))
    assert.match(await backup.innerText(), /In use[^]*Your changes are saved/)
    await signOut(page, site)

    const useCode = async (code: string) => {
      await toLogin(page, site)
      await signIn(page, address, password)
      await click(page.locator('summary', { hasText: 'Backup code' }))
      await page.locator('[name=lookup_secret]').fill(code)
      await enter(page.locator('[name=lookup_secret]'))
    }
    await useCode(codes[3]!)
    await page.waitForURL(`${site.url}/`)
    assert.equal(await heading(page), 'Hello, Ada')
    await page.goto(`${site.url}/settings`)
    await click(backup.locator('[name=lookup_secret_reveal]'))
    assert.match(await backup.locator('.codes .used').innerText(), /used .*\d{4}/i)
    await signOut(page, site)

    // What was tried stays open, with what was wrong about it.
    await useCode(codes[3]!)
    await page.getByRole('alert').waitFor()
    assert.ok(await page.locator('[name=lookup_secret]').isVisible())
    await leave(page)
  })
}

test('somebody who has only the keyboard finds the other ways and the codes', async () => {
  const page = await visitor()
  const address = await register(page, site)
  await setUpApp(page, site)
  await section(page, 'Backup codes').locator('[name=lookup_secret_regenerate]').focus()
  await page.keyboard.press('Enter')
  const confirm = section(page, 'Backup codes').locator('[name=lookup_secret_confirm]')
  await confirm.waitFor()
  await settled(page)
  // The section that was used has the focus; its buttons follow.
  const names: string[] = []
  for (let presses = 0; presses < 4; presses++) {
    await page.keyboard.press('Tab')
    names.push(await page.locator(':focus').innerText())
  }
  assert.deepEqual(names.slice(0, 3), ['Copy', 'Download', 'Print'])
  const [code = ''] = await page.locator('.codes code').allInnerTexts()
  await page.keyboard.press('Enter')
  await page.locator('.success').waitFor()
  await signOut(page, site)
  await toLogin(page, site)
  await signIn(page, address, password)
  assert.equal(await page.evaluate('document.activeElement.name'), 'totp_code')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  assert.equal(await page.locator(':focus').innerText(), 'Backup code')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.keyboard.type(code)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${site.url}/`)
  await leave(page)
})

describe('accessibility', () => {
  for (const [look, options] of Object.entries(looks)) {
    test(`nothing is found where factors are set up and used, ${look}`, async () => {
      const page = await visitor({ ...options, locale: 'en-GB' })
      await withAuthenticator(page, 'key')
      const address = await register(page, keySite)
      // From here on in the language of the look: by names, not by texts.
      const language = 'locale' in options ? options.locale : 'en'
      await page.goto(`${keySite.url}/?ui_locales=${language}`)
      await page.goto(`${keySite.url}/settings`)
      await checkAccessibility(page, 'nothing set up yet')
      const secret = (await page.locator('#totp_secret_key code').textContent())!
      await page.locator('[name=totp_code]').fill(appCode(secret, keySite.now()))
      await click(page.locator('button[value=totp]'))
      await click(page.locator('[name=lookup_secret_regenerate]'))
      await page.locator('.codes').waitFor()
      await checkAccessibility(page, 'codes to be confirmed')
      await click(page.locator('[name=lookup_secret_confirm]'))
      await page
        .locator('[name=webauthn_register_displayname]')
        .fill('A key with a name that is long, and goes on and on')
      await click(page.locator('[name=webauthn_register_trigger]'))
      await page.locator('.things').waitFor()
      await checkAccessibility(page, 'all set up')
      await page.goto(`${keySite.url}/logout`)
      await click(page.locator('main button[type=submit]'))
      await toLogin(page, keySite)
      await page.locator('[name=identifier]').fill(address)
      await page.locator('[name=password]').fill(password)
      await click(page.locator('button[value=password]'))
      await page.locator('.ways').waitFor()
      await checkAccessibility(page, 'second factor')
      for (const way of await page.locator('.ways summary').all()) await click(way)
      await checkAccessibility(page, 'second factor, all ways open')
      await page.locator('[name=totp_code]').fill(wrongAppCode(secret, keySite.now()))
      await enter(page.locator('[name=totp_code]'))
      await page.locator('.error[role=alert]:not([hidden])').waitFor()
      assert.equal(await page.locator('html').getAttribute('lang'), language.slice(0, 2))
      await checkAccessibility(page, 'second factor, wrong code')
      await page.context().close()
    })
  }
})
