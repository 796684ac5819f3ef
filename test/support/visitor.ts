// People with a real browser, and what they do on every page.
import assert from 'node:assert/strict'
import axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { PagesServer } from './pages-server.ts'

interface Visitor {
  /** What the browser complained about: anything that the content security policy held back, and errors of our script. */
  complaints: string[]
  hasScripts: boolean
}
const visitors = new WeakMap<BrowserContext, Visitor>()

/** Somebody with a browser of their own. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  context.setDefaultTimeout(20_000)
  const complaints: string[] = []
  visitors.set(context, { complaints, hasScripts: options.javaScriptEnabled !== false })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (line) => {
    if (/content security policy|refused to/i.test(line.text())) complaints.push(line.text())
  })
  return context.newPage()
}

/** Closes the browser, which must not have complained. */
export async function leave(page: Page): Promise<void> {
  const context = page.context()
  await context.close()
  assert.deepEqual(visitors.get(context)?.complaints, [])
}

/**
 * Waits until a page stands still, as a person does before they go on: loaded with its style, its script run, the focus
 * where it begins, and nothing moving. A browser gives the focus with a frame, which may come after the load.
 */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState()
  // A browser without scripts draws no frames for them.
  if (visitors.get(page.context())?.hasScripts !== true) return
  const stands = `(async () => {
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame)
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
  })()`
  try {
    await page.evaluate(stands)
  } catch (error) {
    // Our script has sent a form meanwhile.
    if (!/context was destroyed|navigation/i.test(String(error))) throw error
    await settled(page)
  }
}

let people = 0
export const newAddress = (name: string): string => `${name}-${++people}@shop.example`
export const password = 'the-difference-engine'

export const heading = (page: Page): Promise<string> => page.locator('h1').innerText()
/** Clicks, and waits for the page that it leads to, if it leads to one at once; what our script sends later is to be awaited. */
export async function click(target: Locator): Promise<void> {
  await target.click()
  await settled(target.page())
}
/** Presses the enter key in a field, and waits for the page that it leads to. */
export async function enter(field: Locator): Promise<void> {
  await field.press('Enter')
  await settled(field.page())
}
export const press = (page: Page | Locator, name: string | RegExp): Promise<void> =>
  click(page.getByRole('button', { name, exact: true }))
export const follow = (page: Page, name: string): Promise<void> =>
  click(page.getByRole('link', { name, exact: true }).first())
export const section = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true })

/** Makes an account with the forms as they come: on one screen or on two. */
export async function register(
  page: Page,
  { url }: PagesServer,
  address = newAddress('ada'),
  first = 'Ada',
): Promise<string> {
  await page.goto(`${url}/registration`)
  await page.getByLabel('E-mail address').fill(address)
  await page.getByLabel('First name').fill(first)
  if ((await page.locator('[type=password]').count()) === 0) await press(page, 'Sign up')
  await page.locator('[name=password]').fill(password)
  await press(page, 'Sign up')
  return address
}

/** Sends a login form that is open. */
export async function signIn(page: Page, address: string, secret: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(address)
  await page.locator('[name=password]').fill(secret)
  await press(page, 'Sign in with password')
}

/** The newest message to an address, as operators see it; empty when there is none. */
export async function lastMessage({ adminUrl }: PagesServer, address: string, about: RegExp): Promise<string> {
  const answer = await fetch(`${adminUrl}/admin/courier/messages?recipient=${encodeURIComponent(address)}`)
  const messages = (await answer.json()) as { body: string; subject: string }[]
  return messages.find(({ subject, body }) => about.test(`${subject} ${body}`))?.body ?? ''
}

/** How pages are looked at when they are checked. */
export const looks = {
  'wide and light': {},
  'narrow and dark': { viewport: { width: 320, height: 640 }, colorScheme: 'dark', locale: 'de-DE' },
} satisfies Record<string, BrowserContextOptions>

/** Nothing that keeps anybody out is found on a page, and it does not scroll sideways, not even with large text. */
export async function checkAccessibility(page: Page, state: string): Promise<void> {
  await settled(page)
  await page.evaluate(axe.source)
  const { violations, passes } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    passes: unknown[]
    violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[]
  }
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`)]),
    [],
    state,
  )
  assert.ok(passes.length > 15, `${state} was looked at`)
  const sideways = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  assert.equal(await page.evaluate(sideways), 0, `${state} does not scroll sideways`)
  // Twice the size of text, as people with weak eyes set it.
  await page.evaluate('document.documentElement.style.fontSize = "200%"')
  assert.equal(await page.evaluate(sideways), 0, `${state} does not scroll sideways with large text`)
  await page.evaluate('document.documentElement.style.fontSize = ""')
}
