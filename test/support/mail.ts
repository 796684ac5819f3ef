import assert from 'node:assert/strict'
import type { StoryServer } from './stories.ts'

type Message = { recipient: string; subject: string; body: string; template_type: string; type: string }

/** What was sent to an address, the newest first. */
export async function messagesTo(server: StoryServer, recipient: string): Promise<Message[]> {
  const { status, body } = await server.admin(
    'GET',
    `/admin/courier/messages?${new URLSearchParams({ recipient }).toString()}`,
  )
  assert.equal(status, 200)
  return body as unknown as Message[]
}

/** The code in the newest message to an address. */
export async function codeTo(server: StoryServer, recipient: string): Promise<string> {
  const [newest] = await messagesTo(server, recipient)
  const [code] = /\b\d{6}\b/.exec(newest?.body ?? '') ?? []
  assert.ok(code, `no code was sent to ${recipient}`)
  return code
}

/** Six digits, but not these. */
export const otherThan = (...codes: string[]): string =>
  ['000000', '111111', '222222'].find((code) => !codes.includes(code))!
