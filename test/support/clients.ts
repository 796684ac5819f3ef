import { isInput, nodeId, type UiNode } from '../../src/ui/node.ts'
import type { UiText } from '../../src/ui/messages.ts'
import { createAgent, type Agent, type Answer } from './agent.ts'
import { pages, type TestServer } from './server.ts'

/** A form as its page sees it. */
export type Form = { id: string; state: string; ui: { action: string; nodes: UiNode[]; messages?: UiText[] } }

/** What a submission led to: another form, or an end. */
export type Step = { kind: 'form'; form: Form } | ({ kind: 'end' } & Answer)

export type ClientKind = 'browser' | 'spa' | 'native'
export const clientKinds: readonly ClientKind[] = ['browser', 'spa', 'native']

export type Client = {
  kind: ClientKind
  /** Opens a form of a flow such as `registration`, with parameters such as `return_to`. */
  start(flow: string, query?: Record<string, string>): Promise<Form>
  /** Sends a form with these fields; hidden ones that the client would send anyway come along. */
  submit(form: Form, fields: Record<string, unknown>): Promise<Step>
  /** The identity that the client is signed in as; undefined when it is nobody. */
  whoami(): Promise<{ id: string; traits: Record<string, unknown> } | undefined>
  /** Signs out as such a client does. */
  signOut(): Promise<void>
  /** The same client, with its cookies and token, in front of a server that was started anew. */
  at(server: TestServer): Client
  /** For requests that no form makes. */
  agent: Agent
}

/** A person in front of a page, a script in a page, or an app: the same steps by different ways. */
export function createClient(
  server: TestServer,
  kind: ClientKind,
  agent = createAgent(server, { hasCookies: kind !== 'native' }),
): Client {
  const read = async (flow: string, id: string) =>
    (await agent.request('GET', `/self-service/${flow}/flows?id=${id}`)).body as unknown as Form

  /** The form whose page a browser was sent to. */
  async function shown(location: string | null): Promise<Form | undefined> {
    const url = new URL(location!)
    const id = url.searchParams.get('flow')
    return url.origin === pages && id ? read(url.pathname.slice(1), id) : undefined
  }

  return {
    kind,
    agent,
    async start(flow, query = {}) {
      const begin = `/self-service/${flow}/${kind === 'native' ? 'api' : 'browser'}?${new URLSearchParams(query).toString()}`
      if (kind !== 'browser') return (await agent.request('GET', begin)).body as unknown as Form
      return (await shown((await agent.request('GET', begin, { accept: 'text/html' })).location))!
    },
    async submit(form, fields) {
      const csrf = valueOf(form, 'csrf_token')
      const all = { ...(csrf ? { csrf_token: csrf } : {}), ...fields }
      if (kind === 'browser') {
        const answer = await agent.request('POST', form.ui.action, { form: flattened(all), accept: 'text/html' })
        const next = await shown(answer.location)
        return next ? { kind: 'form', form: next } : { kind: 'end', ...answer }
      }
      const answer = await agent.request('POST', form.ui.action, { json: all })
      if ('ui' in answer.body) return { kind: 'form', form: answer.body as unknown as Form }
      if (typeof answer.body.session_token === 'string') agent.token = answer.body.session_token
      return { kind: 'end', ...answer }
    },
    async whoami() {
      const { status, body } = await agent.request('GET', '/sessions/whoami')
      return status === 200 ? (body.identity as { id: string; traits: Record<string, unknown> }) : undefined
    },
    async signOut() {
      if (kind === 'native') {
        await agent.request('DELETE', '/self-service/logout/api', { json: { session_token: agent.token } })
        return
      }
      const { body } = await agent.request('GET', '/self-service/logout/browser')
      await agent.request('GET', String(body.logout_url), {
        accept: kind === 'browser' ? 'text/html' : 'application/json',
      })
    },
    at: (other) => createClient(other, kind, createAgent(other, agent)),
  }
}

/** `traits.name.first` for what is inside of objects, as pages name their fields. */
const flattened = (value: Record<string, unknown>, prefix = ''): [string, string][] =>
  Object.entries(value).flatMap(([key, inner]): [string, string][] =>
    typeof inner === 'object' && inner !== null
      ? flattened(inner as Record<string, unknown>, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(inner)]],
  )

/** A native form that has nothing to ask has null in the place of nodes. */
const nodesOf = ({ nodes }: { nodes: UiNode[] | null }): UiNode[] => nodes ?? []

export const valueOf = ({ ui }: Form, name: string): unknown =>
  nodesOf(ui)
    .filter(isInput)
    .find((node) => nodeId(node) === name)?.attributes.value

export const fieldNames = ({ ui }: Form): string[] => nodesOf(ui).map(nodeId)

/** The ids of all texts of a form, its own first. */
export const textIds = ({ ui }: Form): number[] =>
  [...(ui.messages ?? []), ...nodesOf(ui).flatMap(({ messages }) => messages)].map(({ id }) => id)

/** The form that a step led to. @throws Error when it was an end */
export function formOf(step: Step): Form {
  if (step.kind === 'form') return step.form
  throw new Error(`no form, but ${step.status} ${JSON.stringify(step.body)}`)
}
