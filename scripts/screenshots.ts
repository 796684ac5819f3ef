// npm run screenshots [-- FOLDER]: pictures of the pages for the documentation, or – into a folder – of all their states.
import { mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../test/support/browser.ts'
import { startOpenIdProvider } from '../test/support/openid-provider.ts'
import { startPagesServer, type PagesServer } from '../test/support/pages-server.ts'
import { appCode } from '../test/support/second-factors.ts'

const everything = process.argv[2]
const folder = resolve(everything ?? join(dirname(import.meta.dirname), 'docs/screenshots'))
mkdirSync(folder, { recursive: true })

const provider = (id: string, label: string) => ({
  id,
  label,
  provider: 'generic',
  client_id: 'client',
  client_secret: 'secret',
  issuer_url: acme.issuer,
  mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
})
const mapper = `{ identity: { traits: { name: { first: std.extVar('claims').name } } } }`
const acme = await startOpenIdProvider()
acme.people.push({ sub: 'ada', name: 'Ada' })
const server = await startPagesServer((origin) => ({
  session: { whoami: { required_aal: 'highest_available' } },
  pages: { links: { imprint: '/imprint', privacy: '/privacy', help: '/help' } },
  selfservice: everything
    ? {
        methods: {
          oidc: { enabled: true, config: { providers: [provider('acme', 'Acme'), provider('initech', 'Initech')] } },
          webauthn: { enabled: true, config: { rp: { id: 'localhost', display_name: 'Zelos', origins: [origin] } } },
        },
        flows: { registration: { after: { oidc: { hooks: [{ hook: 'session' }] } } } },
      }
    : {},
}))
const browser = await launchBrowser()
try {
  if (everything) await gallery(browser, server)
  else await documentation(browser, server)
} finally {
  await browser.close()
  await Promise.all([server.close(), acme.close()])
}

async function documentation(on: Browser, { url }: PagesServer): Promise<void> {
  const page = await open(on, { viewport: { width: 1100, height: 760 }, deviceScaleFactor: 2 })
  await page.goto(`${url}/login`)
  await shoot(page, 'login', false)
  await register(page, url)
  await page.goto(`${url}/settings`)
  await shoot(page, 'settings', true)
}

async function gallery(on: Browser, { url }: PagesServer): Promise<void> {
  const sizes = {
    wide: { viewport: { width: 1100, height: 760 } },
    dark: { viewport: { width: 1100, height: 760 }, colorScheme: 'dark' },
    narrow: { viewport: { width: 320, height: 640 } },
    german: { viewport: { width: 1100, height: 760 }, locale: 'de-DE' },
  } satisfies Record<string, BrowserContextOptions>
  for (const [name, options] of Object.entries(sizes)) {
    const page = await open(on, options)
    const take = (state: string) => shoot(page, `${state}-${name}`, true)
    await page.goto(`${url}/`)
    await take('welcome')
    await page.goto(`${url}/login`)
    await take('login')
    await page.fill('[name=identifier]', 'ada@shop.example')
    await page.fill('[name=password]', 'wrong')
    await page.click('[name=method][value=password]')
    await take('login-wrong')
    await page.goto(`${url}/registration`)
    await take('registration')
    await page.goto(`${url}/error?id=00000000-0000-4000-8000-000000000000`)
    await take('error-unknown')
    await page.goto(`${url}/self-service/login/browser?return_to=https://evil.example`)
    await take('error')
    await page.goto(`${url}/login?flow=00000000-0000-4000-8000-000000000000`)
    await take('login-notice')
    await register(page, url, name)
    await take('account')
    await page.goto(`${url}/settings`)
    await take('settings')
    await page.fill('[name="traits.name.first"]', 'Augusta Ada')
    await page.click('section:has([name="traits.name.first"]) button[name=method]')
    await take('settings-saved')
    await page.fill('[name=password]', 'short')
    await page.click('section:has([name=password]) button[name=method]')
    await take('settings-error')
    await page.goto(`${url}/logout`)
    await take('logout')
    await page.goto(`${url}/self-service/login/browser?refresh=true`)
    await take('login-refresh')
    await factors(page, take)
    await accounts(page, take)
    await mail(page, take)
    await page.context().close()
  }
}

type Take = (state: string) => Promise<void>

/** Security keys, an app and backup codes, from setting them up to signing in with them. */
async function factors(page: Page, take: Take): Promise<void> {
  const { url } = server
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', automaticPresenceSimulation: true },
  })
  await page.goto(`${url}/settings`)
  const secret = (await page.locator('#totp_secret_key code').textContent())!
  await page.fill('[name=totp_code]', appCode(secret, server.now()))
  await page.click('button[value=totp]')
  await page.click('[name=lookup_secret_regenerate]')
  await page.locator('.codes').waitFor()
  await take('settings-codes')
  await page.click('[name=lookup_secret_confirm]')
  await page.fill('[name=webauthn_register_displayname]', 'Key ring')
  await page.click('[name=webauthn_register_trigger]')
  await page.locator('[name=webauthn_remove]').waitFor()
  await take('settings-factors')
  const address = await page.inputValue('[name="traits.email"]')
  await page.goto(`${url}/logout`)
  await page.click('main button[type=submit]')
  await page.goto(`${url}/login`)
  await page.fill('[name=identifier]', address)
  await page.fill('[name=password]', 'the-difference-engine')
  await page.click('button[value=password]')
  await page.locator('.ways').waitFor()
  await take('second-factor')
  await page.locator('.ways summary').first().click()
  await page.fill('[name=totp_code]', '000000')
  await page.press('[name=totp_code]', 'Enter')
  await page.locator('.error[role=alert]:not([hidden])').waitFor()
  await take('second-factor-wrong')
  await page.context().clearCookies()
}

/** An account elsewhere. */
async function accounts(page: Page, take: Take): Promise<void> {
  await page.goto(`${server.url}/login`)
  await page.locator('[name=provider]').first().click()
  await page.getByRole('link', { name: 'No' }).click()
  await page.getByRole('alert').waitFor()
  await take('login-refused')
  await page.goto(`${server.url}/registration`)
  await page.locator('[name=provider]').first().click()
  await page.getByRole('link', { name: 'Go on' }).click()
  await page.locator('[name="traits.email"]').waitFor()
  await take('registration-completion')
}

/** Codes by mail. */
async function mail(page: Page, take: Take): Promise<void> {
  await page.goto(`${server.url}/recovery`)
  await take('recovery')
  await page.fill('[name=email]', 'ada@shop.example')
  await page.press('[name=email]', 'Enter')
  await page.locator('[name=code]').waitFor()
  await take('recovery-code')
  await page.goto(`${server.url}/registration`)
  await page.fill('[name="traits.email"]', 'somebody@shop.example')
  await page.press('[name="traits.email"]', 'Enter')
  await page.locator('[name=password]').waitFor()
  await take('registration-ways')
}

async function open(on: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await on.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options })
  return context.newPage()
}

/** Makes an account, two screens long, and ends on its page. */
async function register(page: Page, url: string, name = 'lovelace'): Promise<void> {
  await page.goto(`${url}/registration`)
  await page.fill('[name="traits.email"]', `ada-${name}@shop.example`)
  await page.fill('[name="traits.name.first"]', 'Ada')
  await page.fill('[name="traits.name.last"]', 'Lovelace')
  if ((await page.locator('[name=password]').count()) === 0) await page.click('button[name=method]')
  await page.fill('[name=password]', 'the-difference-engine')
  await page.click('button[name=method][value=password]')
}

async function shoot(page: Page, name: string, fullPage: boolean): Promise<void> {
  await page.evaluate('document.activeElement.blur()')
  const take = () => page.screenshot({ path: join(folder, `${name}.png`), fullPage })
  // Without a graphics card the browser now and then fails at the first attempt.
  await take().catch(take)
}
