import { HOTP, Secret } from 'otpauth'
import { microsPerSecond, type Micros } from '../../src/lib/clock.ts'
import { nodeId } from '../../src/ui/node.ts'
import type { UiText } from '../../src/ui/messages.ts'
import { formOf, type Client, type Form, type Step } from './clients.ts'

/** What an authenticator app with this secret shows; `later` counts steps of half a minute. */
export const appCode = (secret: string, now: Micros, later = 0): string =>
  HOTP.generate({
    secret: Secret.fromBase32(secret),
    digits: 6,
    counter: Math.floor(now / microsPerSecond / 30) + later,
  })

/** Six digits that the app shows neither now nor about now. */
export function wrongAppCode(secret: string, now: Micros): string {
  const right = new Set([-3, -2, -1, 0, 1, 2, 3].map((later) => appCode(secret, now, later)))
  return ['135790', '246801', '975310', '864209', '314159', '271828', '161803', '141421'].find(
    (code) => !right.has(code),
  )!
}

function textOf({ ui }: Form, id: string): UiText | undefined {
  const attributes = ui.nodes.find((node) => nodeId(node) === id)?.attributes
  return attributes?.node_type === 'text' ? attributes.text : undefined
}

/** The secret that a settings form shows for an authenticator app. @throws Error when it shows none */
export function appSecretIn(form: Form): string {
  const secret = textOf(form, 'totp_secret_key')?.context?.['secret']
  if (typeof secret !== 'string' || secret === '') throw new Error('the form shows no secret')
  return secret
}

/** The backup codes that a settings form shows; `used` for those that are. @throws Error when it shows none */
export function backupCodesIn(form: Form): string[] {
  const text = textOf(form, 'lookup_secret_codes')
  if (!text) throw new Error('the form shows no codes')
  return text.text.split(', ')
}

/** Sets an authenticator app up and returns its secret. */
export async function setUpApp(client: Client, now: Micros): Promise<string> {
  const form = await client.start('settings')
  const secret = appSecretIn(form)
  const saved = await client.submit(form, { method: 'totp', totp_code: appCode(secret, now) })
  if (!isSaved(saved)) throw new Error(`the app was not set up: ${JSON.stringify(saved)}`)
  return secret
}

/** Makes backup codes, confirms and returns them. */
export async function makeBackupCodes(client: Client): Promise<string[]> {
  const form = await client.start('settings')
  const shown = formOf(await client.submit(form, { lookup_secret_regenerate: true }))
  const saved = await client.submit(shown, { lookup_secret_confirm: true })
  if (!isSaved(saved)) throw new Error(`the codes were not stored: ${JSON.stringify(saved)}`)
  return backupCodesIn(shown)
}

export const isSaved = (step: Step): boolean => step.kind === 'form' && step.form.state === 'success'

/** Gives a second factor in a new form. */
export async function stepUp(client: Client, fields: Record<string, unknown>): Promise<Step> {
  return client.submit(await client.start('login', { aal: 'aal2' }), fields)
}

/** The level of a client's session; undefined when it has none, or one that is not enough. */
export async function levelOf({ agent }: Client): Promise<unknown> {
  const { status, body } = await agent.request('GET', '/sessions/whoami')
  return status === 200 ? body.authenticator_assurance_level : undefined
}
