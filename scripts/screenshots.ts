// npm run screenshots [-- FOLDER]: pictures of the pages for the documentation, or – into a folder – of all their states.
import { mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../test/support/browser.ts'
import { startPagesServer, type PagesServer } from '../test/support/pages-server.ts'

const everything = process.argv[2]
const folder = resolve(everything ?? join(dirname(import.meta.dirname), 'docs/screenshots'))
mkdirSync(folder, { recursive: true })

const server = await startPagesServer({
  pages: { links: { imprint: '/imprint', privacy: '/privacy', help: '/help' } },
})
const browser = await launchBrowser()
try {
  if (everything) await gallery(browser, server)
  else await documentation(browser, server)
} finally {
  await browser.close()
  await server.close()
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
    await page.click('[name=method]')
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
    await page.context().close()
  }
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
