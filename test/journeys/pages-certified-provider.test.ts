// The built-in pages and an OpenID provider that others have made, in a real browser: two sites, their cookies and forms.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { startCertifiedProvider, type CertifiedProvider } from '../support/certified-provider.ts'
import { startPagesServer, type PagesServer } from '../support/pages-server.ts'
import { click, heading, leave, newAddress, password, press, register, visit } from '../support/visitor.ts'

let browser: Browser
let provider: CertifiedProvider
let site: PagesServer

const mapper = `
local c = std.extVar('claims');
{ identity: { traits: { email: c.email, name: { first: c.name } } } }`

before(async () => {
  provider = await startCertifiedProvider()
  const acme = {
    id: 'acme',
    provider: 'generic',
    label: 'Acme',
    client_id: 'strict',
    client_secret: 'strict-secret',
    issuer_url: provider.issuer,
    scope: ['openid', 'email', 'profile'],
    mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
  }
  site = await startPagesServer({
    selfservice: {
      methods: { oidc: { enabled: true, config: { providers: [acme] } }, code: { passwordless_enabled: false } },
      flows: { registration: { after: { oidc: { hooks: [{ hook: 'session' }] } } } },
    },
  })
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await Promise.all([site?.close(), provider?.close()])
})

const signInThere = async (page: Page, name: string): Promise<void> => {
  await page.locator('[name=login]').fill(name)
  await page.locator('[name=password]').fill('any')
  await click(page.locator('[type=submit]'))
}
const agreeThere = (page: Page): Promise<void> => click(page.locator('form button[type=submit]'))
const refuseThere = (page: Page): Promise<void> => click(page.getByRole('link', { name: /cancel/i }))

const isAt = (page: Page, path: string): Promise<void> =>
  page.waitForURL((url) => url.href.startsWith(site.url) && url.pathname === path)

async function greeted(page: Page, first: string): Promise<void> {
  await isAt(page, '/')
  assert.equal(await heading(page), `Hello, ${first}`)
}

async function signOut(page: Page): Promise<void> {
  await page.goto(`${site.url}/logout`)
  await press(page, 'Sign out')
}

async function toProvider(page: Page, from: 'login' | 'registration'): Promise<void> {
  await page.goto(`${site.url}/${from}`)
  await click(page.locator('[name=provider]'))
}

for (const javaScriptEnabled of [true, false]) {
  const scripts = `${javaScriptEnabled ? 'with' : 'without'} scripts`
  const nameOf = (name: string) => `${name}-${javaScriptEnabled ? 'on' : 'off'}`

  test(`somebody refuses, then signs up, comes back and is known, ${scripts}`, async () => {
    const page = await visit(browser, { javaScriptEnabled })
    const jane = nameOf('jane')
    await toProvider(page, 'registration')
    await refuseThere(page)
    await isAt(page, '/registration')
    assert.ok(await page.getByRole('alert').innerText())

    await toProvider(page, 'registration')
    await signInThere(page, jane)
    await agreeThere(page)
    await greeted(page, jane)

    await signOut(page)
    await toProvider(page, 'login')
    await greeted(page, jane)
    await leave(page)
  })

  test(`an account is connected in the settings, signs in, and is disconnected, ${scripts}`, async () => {
    const page = await visit(browser, { javaScriptEnabled })
    await register(page, site)
    await page.goto(`${site.url}/settings`)
    await click(page.locator('[name=link]'))
    await signInThere(page, nameOf('linked'))
    await agreeThere(page)
    await isAt(page, '/settings')
    await page.locator('[name=unlink]').waitFor()

    await signOut(page)
    await toProvider(page, 'login')
    await greeted(page, 'Ada')
    await page.goto(`${site.url}/settings`)
    await click(page.locator('[name=unlink]'))
    await page.locator('[name=link]').waitFor()
    await leave(page)
  })

  test(`an address that is known already is connected once its owner has signed in, ${scripts}`, async () => {
    const address = newAddress('ada')
    const owner = await visit(browser, { javaScriptEnabled })
    await register(owner, site, address)
    await leave(owner)

    const page = await visit(browser, { javaScriptEnabled })
    provider.people.set(nameOf('same'), { email: address, email_verified: true, name: 'Somebody' })
    await toProvider(page, 'login')
    await signInThere(page, nameOf('same'))
    await agreeThere(page)
    await isAt(page, '/login')
    await page.locator('[name=password]').fill(password)
    await click(page.locator('button[value=password]'))
    await greeted(page, 'Ada')

    await signOut(page)
    await toProvider(page, 'login')
    await greeted(page, 'Ada')
    await leave(page)
  })
}
