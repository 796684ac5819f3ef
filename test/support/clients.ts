import { isInput, nodeId, type UiNode } from '../../src/ui/node.ts'
import type { UiText } from '../../src/ui/messages.ts'
import { pages, type TestServer } from './server.ts'

/** A form as its page sees it. */
export type Form = { id: string; state: string; ui: { action: string; nodes: UiNode[]; messages?: UiText[] } }

type Answer = { status: number; location: string | null; body: Record<string, unknown> }

/** What a submission led to: another form, or an end. */
export type Step = { kind: 'form'; form: Form } | ({ kind: 'end' } & Answer)

export type ClientKind = 'browser' | 'spa' | 'native'
export const clientKinds: readonly ClientKind[] = ['browser', 'spa', 'native']

export type Client = {
  /** Opens a form of a flow such as `registration`. */
  start(flow: string): Promise<Form>
  /** Sends a form with these fields; hidden ones that the client would send anyway come along. */
  submit(form: Form, fields: Record<string, unknown>): Promise<Step>
  /** The identity that the client is signed in as; undefined when it is nobody. */
  whoami(): Promise<{ id: string; traits: Record<string, unknown> } | undefined>
  /** The same client, with its cookies and token, in front of a server that was started anew. */
  at(server: TestServer): Client
}

/** A person in front of a page, a script in a page, or an app: the same steps by different ways. */
export function createClient(
  server: TestServer,
  kind: ClientKind,
  held: { jar?: Map<string, string>; token?: string | undefined } = {},
): Client {
  const { jar = new Map<string, string>() } = held
  let { token } = held

  async function ask(
    url: string,
    { body, accept = 'application/json', type }: { body?: string; accept?: string; type?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        accept,
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(jar.size === 0 || kind === 'native'
          ? {}
          : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(token === undefined ? {} : { 'x-session-token': token }),
      },
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      jar.set(name!, value!)
    }
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    }
  }

  const read = async (flow: string, id: string) =>
    (await ask(`${server.publicUrl}/self-service/${flow}/flows?id=${id}`)).body as unknown as Form

  /** The form whose page a browser was sent to. */
  async function shown(location: string | null): Promise<Form | undefined> {
    const url = new URL(location!)
    const id = url.searchParams.get('flow')
    return url.origin === pages && id ? read(url.pathname.slice(1), id) : undefined
  }

  return {
    async start(flow) {
      const begin = `${server.publicUrl}/self-service/${flow}/${kind === 'native' ? 'api' : 'browser'}`
      if (kind !== 'browser') return (await ask(begin)).body as unknown as Form
      return (await shown((await ask(begin, { accept: 'text/html' })).location))!
    },
    async submit(form, fields) {
      const csrf = valueOf(form, 'csrf_token')
      const all = { ...(csrf ? { csrf_token: csrf } : {}), ...fields }
      if (kind === 'browser') {
        const body = new URLSearchParams(flattened(all)).toString()
        const answer = await ask(form.ui.action, {
          body,
          accept: 'text/html',
          type: 'application/x-www-form-urlencoded',
        })
        const next = await shown(answer.location)
        return next ? { kind: 'form', form: next } : { kind: 'end', ...answer }
      }
      const answer = await ask(form.ui.action, { body: JSON.stringify(all), type: 'application/json' })
      if ('ui' in answer.body) return { kind: 'form', form: answer.body as unknown as Form }
      if (typeof answer.body.session_token === 'string') token = answer.body.session_token
      return { kind: 'end', ...answer }
    },
    async whoami() {
      const { status, body } = await ask(`${server.publicUrl}/sessions/whoami`)
      return status === 200 ? (body.identity as { id: string; traits: Record<string, unknown> }) : undefined
    },
    at: (other) => createClient(other, kind, { jar, token }),
  }
}

/** `traits.name.first` for what is inside of objects, as pages name their fields. */
const flattened = (value: Record<string, unknown>, prefix = ''): [string, string][] =>
  Object.entries(value).flatMap(([key, inner]): [string, string][] =>
    typeof inner === 'object' && inner !== null
      ? flattened(inner as Record<string, unknown>, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(inner)]],
  )

export const valueOf = ({ ui }: Form, name: string): unknown =>
  ui.nodes.filter(isInput).find((node) => nodeId(node) === name)?.attributes.value

export const fieldNames = ({ ui }: Form): string[] => ui.nodes.map(nodeId)

/** The ids of all texts of a form, its own first. */
export const textIds = ({ ui }: Form): number[] =>
  [...(ui.messages ?? []), ...ui.nodes.flatMap(({ messages }) => messages)].map(({ id }) => id)

/** The form that a step led to. @throws Error when it was an end */
export function formOf(step: Step): Form {
  if (step.kind === 'form') return step.form
  throw new Error(`no form, but ${step.status} ${JSON.stringify(step.body)}`)
}
