// Signing in with an account that somebody has elsewhere, on the built-in pages, in a real browser.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { startOpenIdProvider, type OpenIdProvider } from '../support/openid-provider.ts'
import { minute, startPagesServer, type PagesServer } from '../support/pages-server.ts'
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
  visit,
} from '../support/visitor.ts'

let browser: Browser
let provider: OpenIdProvider
let site: PagesServer

const mapper = `
local c = std.extVar('claims');
{ identity: { traits: {
  [if 'email' in c then 'email']: c.email,
  [if 'name' in c then 'name']: { first: c.name },
} } }`

before(async () => {
  provider = await startOpenIdProvider()
  const acme = {
    id: 'acme',
    provider: 'generic',
    label: 'Acme',
    client_id: 'client',
    client_secret: 'secret',
    issuer_url: provider.issuer,
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

const visitor = (options: BrowserContextOptions = {}): Promise<Page> => visit(browser, options)

/** Somebody whom the provider knows. */
function guest(claims: Record<string, unknown> = {}): { sub: string } {
  const sub = newAddress('guest').split('@', 1)[0]!
  // The provider's clock does not go along when the server's is set forward.
  provider.people.push({ sub, exp: Date.UTC(2100) / 1000, ...claims })
  return { sub }
}

const goOnAs = (page: Page, { sub }: { sub: string }) => follow(page, `Go on as ${sub}`)

const arrives = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()

async function signOut(page: Page): Promise<void> {
  await page.goto(`${site.url}/logout`)
  await press(page, 'Sign out')
}

for (const javaScriptEnabled of [true, false]) {
  const scripts = `${javaScriptEnabled ? 'with' : 'without'} scripts`

  test(`somebody new completes what the provider does not know, and comes back without a question, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const grace = guest({ name: 'Grace' })
    await page.goto(`${site.url}/registration`)
    await press(page, 'Sign up with Acme')
    await arrives(page, 'Acme')
    await goOnAs(page, grace)
    await arrives(page, 'Almost done')
    assert.equal(await page.getByLabel('First name').inputValue(), 'Grace')
    await page.getByLabel('E-mail address').fill(newAddress('grace'))
    // The enter key sends it, as everywhere.
    await enter(page.getByLabel('E-mail address'))
    await goOnAs(page, grace)
    await page.waitForURL(`${site.url}/`)
    await arrives(page, 'Hello, Grace')

    await signOut(page)
    await page.goto(`${site.url}/login`)
    await press(page, 'Sign in with Acme')
    await goOnAs(page, grace)
    await page.waitForURL(`${site.url}/`)
    await arrives(page, 'Hello, Grace')
    await leave(page)
  })

  test(`an account elsewhere is linked, signs in, and is unlinked, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const ada = guest()
    await register(page, site)
    // The sign-in is too old: the person confirms that it is them, and goes on to the provider from there.
    site.pass(90 * minute)
    await page.goto(`${site.url}/settings`)
    const linked = section(page, 'Connected accounts')
    await press(linked, 'Connect Acme')
    await arrives(page, 'Confirm that it is you')
    await page.locator('[name=password]').fill(password)
    await press(page, 'Sign in')
    await arrives(page, 'Acme')
    await goOnAs(page, ada)
    await arrives(page, 'Settings')
    assert.match(await linked.innerText(), /Your changes are saved[^]*Acme\s+Connected/)
    assert.equal(await page.title(), 'Saved: Connected accounts – Zelos')

    await signOut(page)
    await page.goto(`${site.url}/login`)
    await press(page, 'Sign in with Acme')
    await goOnAs(page, ada)
    await page.waitForURL(`${site.url}/`)
    await arrives(page, 'Hello, Ada')

    await page.goto(`${site.url}/settings`)
    await press(linked, 'Disconnect Acme')
    assert.match(await linked.innerText(), /Your changes are saved/)
    assert.doesNotMatch(await linked.innerText(), /Disconnect/)
    await leave(page)
  })

  test(`whoever refuses at the provider hears so, and can go another way, ${scripts}`, async () => {
    const page = await visitor({ javaScriptEnabled })
    await page.goto(`${site.url}/login`)
    await press(page, 'Sign in with Acme')
    await follow(page, 'No')
    await arrives(page, 'Sign in')
    assert.match(await page.getByRole('alert').innerText(), /was ended\. Nothing has changed here/)

    await page.goto(`${site.url}/registration`)
    await press(page, 'Sign up with Acme')
    await follow(page, 'No')
    assert.match(await page.getByRole('alert').innerText(), /was ended/)
    await follow(page, 'Go another way')
    const address = await register(page, site)
    await arrives(page, 'Hello, Ada')

    await page.goto(`${site.url}/settings`)
    await press(section(page, 'Connected accounts'), 'Connect Acme')
    await follow(page, 'No')
    await arrives(page, 'Settings')
    assert.match(await page.getByRole('alert').innerText(), /was ended/)

    // An address that has an account already is linked once its owner has signed in.
    const same = guest({ email: address })
    await signOut(page)
    await page.goto(`${site.url}/login`)
    await press(page, 'Sign in with Acme')
    await goOnAs(page, same)
    assert.match(await page.locator('main').innerText(), new RegExp(`account for .?${address}`))
    await page.locator('[name=password]').fill(password)
    await press(page, 'Sign in with password')
    await page.waitForURL(`${site.url}/`)
    await page.goto(`${site.url}/settings`)
    assert.match(await section(page, 'Connected accounts').innerText(), /Acme\s+Connected/)
    await leave(page)
  })
}

/** As operators begin to try the provider out: where their browser goes. */
async function beginTest(): Promise<string> {
  const answer = await fetch(`${site.adminUrl}/admin/test-login-flows`, {
    method: 'POST',
    body: JSON.stringify({ provider_id: 'acme' }),
  })
  const { id } = (await answer.json()) as { id: string }
  return `${site.url}/login?flow=${id}`
}

for (const javaScriptEnabled of [true, false])
  test(`operators try the provider out, see what came of it, and delete it, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    const page = await visitor({ javaScriptEnabled })
    const whole = guest({ name: 'Grace', email: newAddress('grace') })
    const start = await beginTest()
    await page.goto(start)
    assert.equal(await heading(page), 'Try a sign-in out')
    await press(page, 'Sign in with Acme')
    await goOnAs(page, whole)
    await arrives(page, 'Test of “acme”')
    assert.match(await page.getByRole('status').innerText(), /This sign-in works/)
    assert.match(await section(page, 'What the mapper made').innerText(), /"first": "Grace"/)
    assert.match(await section(page, 'What the provider said').innerText(), new RegExp(`"sub": "${whole.sub}"`))
    assert.equal(await section(page, 'What went wrong').count(), 0)
    // Nobody was signed in, and the form leads to what came of it.
    const result = page.url()
    await page.goto(site.url)
    await arrives(page, 'Welcome to Zelos')
    await page.goto(start)
    assert.equal(page.url(), result)
    const forged = await fetch(`${site.url}/session/test-oidc`, {
      method: 'POST',
      body: new URLSearchParams({ flow: new URL(result).searchParams.get('flow')! }),
    })
    assert.equal(forged.status, 403)
    const stranger = await visitor({ javaScriptEnabled })
    for (const address of [result, start]) {
      await stranger.goto(address)
      assert.doesNotMatch(await stranger.content(), /Grace/)
    }
    await leave(stranger)
    await press(page, 'Delete this test')
    await arrives(page, 'Welcome to Zelos')
    await page.goto(result)
    await arrives(page, 'This is not here')

    const unnamed = guest()
    await page.goto(await beginTest())
    await press(page, 'Sign in with Acme')
    await goOnAs(page, unnamed)
    assert.match(await page.getByRole('status').innerText(), /does not work yet/)
    const problem = await section(page, 'What went wrong').innerText()
    assert.match(problem, /does not fit the identity schema[^]*At \/traits/)
    await leave(page)
  })

test('a provider that does not answer as it should is told about in plain words', async () => {
  const page = await visitor()
  const lost = guest()
  await page.goto(`${site.url}/login`)
  await press(page, 'Sign in with Acme')
  provider.stub.script({ status: 500, body: 'oops' })
  await goOnAs(page, lost)
  await arrives(page, 'That did not work')
  assert.match(await page.locator('main').innerText(), /at a site that we asked/)
  await leave(page)
})

describe('accessibility', () => {
  for (const [look, options] of Object.entries(looks)) {
    test(`nothing is found where accounts elsewhere are used, ${look}`, async () => {
      const page = await visitor(options)
      const someone = guest({ name: 'Somebody with a long name' })
      await page.goto(`${site.url}/login`)
      await checkAccessibility(page, 'login')
      await click(page.locator('[name=provider]'))
      await follow(page, 'No')
      await page.getByRole('alert').waitFor()
      await checkAccessibility(page, 'login, refused')
      await page.goto(`${site.url}/registration`)
      await click(page.locator('[name=provider]'))
      await goOnAs(page, someone)
      await page.locator('[name="traits.email"]').waitFor()
      await checkAccessibility(page, 'completion')
      await page.locator('[name="traits.email"]').fill(newAddress('somebody'))
      await click(page.locator('[name=provider]'))
      await goOnAs(page, someone)
      await page.waitForURL(`${site.url}/`)
      await page.goto(`${site.url}/settings`)
      await page.locator('[name=password]').fill(password)
      await click(page.locator('button[value=password]'))
      await page.locator('.success').waitFor()
      await checkAccessibility(page, 'settings, linked')
      await click(page.locator('[name=unlink]'))
      await page.locator('[name=link]').waitFor()
      await checkAccessibility(page, 'settings, unlinked')
      for (const [state, name] of [
        ['passed', 'Somebody with a long name'],
        ['failed', undefined],
      ]) {
        const tested = guest(name === undefined ? {} : { name, email: newAddress('tested') })
        await page.goto(await beginTest())
        await checkAccessibility(page, 'the beginning of a test')
        await click(page.locator('[name=provider]'))
        await goOnAs(page, tested)
        await page.locator('pre').first().waitFor()
        await checkAccessibility(page, `a test that has ${state}`)
      }
      await page.context().close()
    })
  }
})
