import chromium from '@sparticuz/chromium'
import { chromium as driver, type Browser } from 'playwright-core'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real browser, which comes as a development package: nothing needs to be installed on the machine. */
export const launchBrowser = async (): Promise<Browser> =>
  driver.launch({ executablePath: await chromium.executablePath(), headless: true, args: flags })
