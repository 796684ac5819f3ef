import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createAgent, type Answer, type Sent } from './agent.ts'
import { clientKinds, createClient, textIds, type Client, type ClientKind, type Step } from './clients.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'
import { startServer, type ConfigPatch, type InnerServer } from './server.ts'

/** Somebody in a story. Each story has a server and a database of its own, so that names never clash. */
export type Person = { email: string; password: string; name?: string }

export const ada: Person = { email: 'ada@shop.example', password: 'analytical-engine', name: 'Ada' }
export const grace: Person = { email: 'grace@shop.example', password: 'nanoseconds-of-wire', name: 'Grace' }

export type StoryServer = InnerServer & {
  /** What people use in this telling of the story. */
  kind: ClientKind
  /** A new browser or app that nobody has used yet. */
  client(): Client
  /** Signs somebody up with a new client. @throws Refused */
  register(person: Person): Promise<Client>
  /** Signs somebody in with a new client. @throws Refused */
  signIn(person: Person): Promise<Client>
  /** A request of an operator, to the admin port. */
  admin(method: string, path: string, sent?: Sent): Promise<Answer>
}

/** A form came back, or an error. */
export class Refused extends Error {
  /** Ids of what the form says. */
  readonly texts: readonly number[]
  readonly status: number | undefined
  constructor(step: Step) {
    const texts = step.kind === 'form' ? textIds(step.form) : []
    super(step.kind === 'form' ? `the form says ${texts.join()}` : `${step.status} ${JSON.stringify(step.body)}`)
    this.texts = texts
    this.status = step.kind === 'end' ? step.status : undefined
  }
}

export type StoryOptions = {
  /** Keys of the configuration, over those of all tests. */
  config?: ConfigPatch
  /** Whom the story is told of; everybody, unless said otherwise. */
  clients?: readonly ClientKind[]
}

/** Tells a story on each database for each kind of client, every time on a new server with nobody in it. */
export function everywhere(
  title: string,
  story: (server: StoryServer) => Promise<void>,
  { config = {}, clients = clientKinds }: StoryOptions = {},
): void {
  describe(title, () => {
    for (const { name, create } of databases)
      for (const kind of clients)
        test(`${name}, ${kind}`, async (context) => {
          const server = await startServer({ dsn: await create(), config })
          try {
            await story(storyServer(server, kind))
          } catch (error) {
            for (const line of server.logged) context.diagnostic(line)
            throw error
          } finally {
            await server.stop()
          }
        })
  })
}

let folder: string | undefined
let files = 0
let postgres: Promise<TestPostgres> | undefined

const databases = [
  {
    name: 'SQLite',
    create: async () => {
      folder ??= mkdtempSync(join(tmpdir(), 'zelos-stories-'))
      return `sqlite://${join(folder, `${++files}.sqlite`)}`
    },
  },
  { name: 'PostgreSQL', create: async () => (await (postgres ??= startPostgres())).createDatabase() },
]

after(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true })
  await (await postgres)?.stop()
})

function storyServer(server: InnerServer, kind: ClientKind): StoryServer {
  const client = () => createClient(server, kind)
  const operator = createAgent(server, { hasCookies: false })
  return {
    ...server,
    kind,
    client,
    async register({ email, password, name }) {
      const person = client()
      const traits = { email, ...(name === undefined ? {} : { name }) }
      const form = await person.start('registration')
      accepted(await person.submit(form, { method: 'password', password, traits }))
      return person
    },
    async signIn({ email, password }) {
      const person = client()
      const form = await person.start('login')
      accepted(await person.submit(form, { method: 'password', identifier: email, password }))
      return person
    },
    admin: (method, path, sent) => operator.request(method, new URL(path, server.adminUrl).href, sent),
  }
}

/** @throws Refused for a step that did not lead to the end of its flow */
function accepted(step: Step): void {
  if (step.kind === 'form' || step.status >= 400) throw new Refused(step)
}
