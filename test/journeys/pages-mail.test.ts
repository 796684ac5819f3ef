// What arrives by mail: codes and links for new, changed and forgotten things, on the built-in pages in a real browser.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { startPagesServer, type PagesServer } from '../support/pages-server.ts'
import {
  checkAccessibility,
  click,
  enter,
  follow,
  leave,
  lastMessage,
  looks,
  newAddress,
  press,
  register,
  section,
  visit,
} from '../support/visitor.ts'

let browser: Browser
/** Sends codes, and shows where they are typed in after a registration. */
let codes: PagesServer
/** Sends links. */
let links: PagesServer

before(async () => {
  const hooks = [{ hook: 'session' }, { hook: 'show_verification_ui' }]
  codes = await startPagesServer({
    selfservice: {
      flows: {
        registration: { after: { password: { hooks }, code: { hooks } } },
      },
    },
  })
  links = await startPagesServer({
    selfservice: { flows: { recovery: { use: 'link' }, verification: { use: 'link' } } },
  })
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await Promise.all([codes?.close(), links?.close()])
})

const visitor = (options: BrowserContextOptions = {}): Promise<Page> => visit(browser, options)
const arrives = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()

async function codeFor(address: string, about: RegExp): Promise<string> {
  const code = /\b\d{6}\b/.exec(await lastMessage(codes, address, about))?.[0]
  assert.ok(code, `a code was sent to ${address}`)
  return code
}

async function linkFor(server: PagesServer, address: string, about: RegExp): Promise<string> {
  const link = /https?:\/\/\S+/.exec(await lastMessage(server, address, about))?.[0]
  assert.ok(link, `a link was sent to ${address}`)
  return link
}

/** Whether an address on the account's page is said to be verified. */
async function isVerified(page: Page, { url }: PagesServer, address: string): Promise<boolean> {
  await page.goto(`${url}/`)
  const row = page.locator('dd', { hasText: address })
  await row.waitFor()
  return /Verified/.test(await row.innerText())
}

for (const javaScriptEnabled of [true, false]) {
  const scripts = `${javaScriptEnabled ? 'with' : 'without'} scripts`

  test(`whoever signs up is led to verifying the address, which the code of the mail does, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = await register(page, codes)
    await arrives(page, 'Verify your address')
    const field = page.locator('[name=code]')
    assert.deepEqual(
      [await field.getAttribute('autocomplete'), await field.getAttribute('inputmode')],
      ['one-time-code', 'numeric'],
    )
    await field.fill('000000')
    await enter(field)
    await page.getByRole('alert').waitFor()
    await field.fill(await codeFor(address, /verif/i))
    await enter(field)
    await page.locator('.success').waitFor()
    await follow(page, 'Continue')
    assert.ok(await isVerified(page, codes, address))
    await leave(page)
  })

  test(`a changed address is verified by the link of the mail, which leaves the last step to its reader, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    await register(page, codes)
    const address = newAddress('countess')
    await page.goto(`${codes.url}/settings`)
    await section(page, 'Profile').getByLabel('E-mail address').fill(address)
    await press(section(page, 'Profile'), 'Save')
    await page.locator('.success').waitFor()
    assert.match(await section(page, 'Profile').innerText(), new RegExp(`saved[^]*${address} is not verified yet`))
    await page.getByRole('link', { name: `Verify ${address}` }).waitFor()
    assert.ok(!(await isVerified(page, codes, address)))
    await page.goto(await linkFor(codes, address, /verif/i))
    await arrives(page, 'Verify your address')
    assert.match(await page.locator('[name=code]').inputValue(), /^\d{6}$/)
    await press(page, 'Continue')
    await page.locator('.success').waitFor()
    assert.ok(await isVerified(page, codes, address))
    await leave(page)
  })

  test(`a forgotten password is replaced by way of a link, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = await register(page, links)
    await page.context().clearCookies()
    await page.goto(`${links.url}/login`)
    await follow(page, 'Forgot your password?')
    await page.locator('[name=email]').fill(address)
    await enter(page.locator('[name=email]'))
    await page.getByRole('status').waitFor()
    assert.match(await page.getByRole('status').innerText(), /on its way/)
    await page.goto(await linkFor(links, address, /recover/i))
    await arrives(page, 'Settings')
    await page.locator('[name=password]').fill('a-new-engine-of-analysis')
    await press(section(page, 'Password'), 'Save')
    await section(page, 'Password').locator('.success').waitFor()
    await leave(page)
  })

  test(`an address is verified by a link, where links are sent, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = await register(page, links)
    assert.ok(!(await isVerified(page, links, address)))
    await follow(page, `Verify ${address}`)
    await page.locator('[name=email]').fill(address)
    await press(page, 'Continue')
    await page.getByRole('status').waitFor()
    await page.goto(await linkFor(links, address, /verif/i))
    await page.locator('.success').waitFor()
    assert.ok(await isVerified(page, links, address))
    await leave(page)
  })

  test(`somebody signs up and in with codes alone, and asks for another one, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const address = newAddress('byron')
    await page.goto(`${codes.url}/registration`)
    await page.getByLabel('E-mail address').fill(address)
    await page.getByLabel('First name').fill('Byron')
    await press(page, 'Sign up')
    await press(page, 'Send me a code to sign up')
    await page.locator('[name=code]').fill(await codeFor(address, /sign up|regist/i))
    await enter(page.locator('[name=code]'))
    await arrives(page, 'Hello, Byron')
    assert.ok(await isVerified(page, codes, address), 'the code has shown that the address is theirs')
    await page.context().clearCookies()

    await page.goto(`${codes.url}/login`)
    await page.getByLabel('E-mail address').fill(address)
    await press(page, 'Send me a code to sign in')
    await page.locator('[name=code]').waitFor()
    const first = await codeFor(address, /sign in/i)
    const again = page.getByRole('button', { name: /^Send it again/ })
    if (javaScriptEnabled) {
      assert.ok(await again.isDisabled())
      assert.match(await again.innerText(), /in (?:30|29|28|27|26|25) s$/)
      await page.clock.install()
      await page.reload()
      await page.clock.fastForward(31_000)
    }
    assert.equal(await again.innerText(), 'Send it again')
    await click(again)
    await page.locator('[name=code]').waitFor()
    if (javaScriptEnabled) assert.ok(await again.isDisabled(), 'the next one has to be waited for once more')
    const second = await codeFor(address, /sign in/i)
    assert.notEqual(first, second)
    await page.locator('[name=code]').fill(second)
    await enter(page.locator('[name=code]'))
    await arrives(page, 'Hello, Byron')
    await leave(page)
  })
}

describe('accessibility', () => {
  for (const [look, options] of Object.entries(looks)) {
    test(`nothing is found where codes and links are awaited, ${look}`, async () => {
      const page = await visitor(options)
      const address = newAddress('anne')
      await page.goto(`${codes.url}/registration`)
      await page.locator('[name="traits.email"]').fill(address)
      await click(page.locator('button[name=method]'))
      await page.locator('[name=password]').waitFor()
      await checkAccessibility(page, 'ways to sign up')
      await click(page.locator('button[value=code]'))
      await page.locator('[name=code]').waitFor()
      await checkAccessibility(page, 'code to sign up')
      await page.locator('[name=code]').fill(await codeFor(address, /sign up|regist/i))
      await enter(page.locator('[name=code]'))
      await page.locator('.sessions').waitFor()
      await page.goto(`${codes.url}/settings`)
      const other = newAddress('isabella')
      await page.locator('[name="traits.email"]').fill(other)
      await click(page.locator('button[value=profile]'))
      await page.locator('.success').waitFor()
      await checkAccessibility(page, 'settings with an address to be verified')
      await page.goto(`${codes.url}/verification`)
      await page.locator('[name=email]').fill(other)
      await click(page.locator('button[name=method]'))
      await page.locator('[name=code]').waitFor()
      await checkAccessibility(page, 'code to verify')
      await page.goto(await linkFor(codes, other, /verif/i))
      await click(page.locator('button[value=code]').first())
      await page.locator('.success').waitFor()
      await checkAccessibility(page, 'verified')
      await page.goto(`${codes.url}/`)
      await checkAccessibility(page, 'account with a verified address')
      await page.context().clearCookies()
      await page.goto(`${links.url}/recovery`)
      await page.locator('[name=email]').fill(address)
      await enter(page.locator('[name=email]'))
      await page.getByRole('status').waitFor()
      await checkAccessibility(page, 'link sent')
      await page.context().close()
    })
  }
})
