import type { Outbound } from '../http/outbound.ts'
import type { Db, Statement } from '../db/db.ts'
import type { Clock } from '../lib/clock.ts'
import { durationMs } from '../lib/duration.ts'
import type { Jsonnet } from '../lib/jsonnet/jsonnet.ts'
import type { Static } from '../lib/shape.ts'
import type { LoadSource } from '../lib/source.ts'
import { newUuid } from '../lib/uuid.ts'
import { createChannels } from './channels/channels.ts'
import type { courier } from './config.ts'
import { createDispatcher, type DispatcherDeps } from './dispatcher.ts'
import { checkRecipient, modelOf, storedRequestHeaders, type Message, type StoredMessage } from './message.ts'
import { insertMessage, withdrawMessage } from './store.ts'
import { createTemplateLibrary, type TemplateLibrary, type TemplateProblem } from './templates/library.ts'

export type CourierDeps = {
  db: Db
  clock: Clock
  config: Static<typeof courier>
  /** `clients.smtp.disallow_private_ip_ranges` */
  disallowPrivateSmtp: boolean
  outbound: Outbound
  loadSource: LoadSource
  jsonnet: Pick<Jsonnet, 'evaluateToText' | 'evaluate'>
  log: DispatcherDeps['log']
  /** The public address, to be given by whoever queues messages. */
  publicBaseUrl?: string
  /** For how long a dispatcher's claim on a message holds. */
  leaseMs?: number
}

/** Everything that is sent to people goes through here. */
export type Courier = {
  /**
   * Renders a message and returns the statements that queue it, for the caller's own transaction: the message exists if
   * and only if what caused it does.
   * @throws errors.badRequest for an address to which nothing can be sent
   * @throws Error when a template of the operator's own fails
   */
  enqueue(message: Message): Promise<Statement[]>
  /**
   * The same work for a message that nobody is to get: it is rendered and stored, and gone again before anybody sees it.
   * The time that it takes tells it from no other.
   * @throws as `enqueue`
   */
  rehearse(message: Message): Promise<Statement[]>
  /** Sends at once what was just stored, if this process sends messages at all. To be called after the commit. */
  notify(): void
  /** Reads the templates. @returns what is wrong with them */
  check(): Promise<TemplateProblem[]>
  /** Begins to send messages from this process. */
  start(): void
  /** Resolves when what is on its way has arrived or failed. */
  stop(): Promise<void>
  templates: TemplateLibrary
}

export function createCourier(deps: CourierDeps): Courier {
  const { db, clock, config, loadSource, log, leaseMs, publicBaseUrl } = deps
  const templates = createTemplateLibrary({
    templates: config.templates,
    overridePath: config.template_override_path,
    loadSource,
    warn: (problem, text) => log.warn(problem, text),
  })
  const dispatcher = createDispatcher({
    db,
    clock,
    log,
    channels: createChannels({ ...deps, warn: (problem, text) => log.warn(problem, text) }),
    settings: {
      pullCount: config.worker.pull_count,
      pullWaitMs: durationMs(config.worker.pull_wait),
      retries: config.message_retries,
      ...(leaseMs === undefined ? {} : { leaseMs }),
    },
  })

  async function prepared(message: Message): Promise<StoredMessage> {
    checkRecipient(message)
    const data = modelOf(message, { site: publicBaseUrl })
    const rendered = await templates.render(message.template, message.via, data)
    const now = clock.now()
    return {
      ...rendered,
      id: newUuid(),
      status: 'queued',
      via: message.via,
      recipient: message.to,
      template: message.template,
      data,
      requestHeaders: storedRequestHeaders(message),
      sendCount: 0,
      createdAt: now,
      updatedAt: now,
    }
  }

  return {
    enqueue: async (message) => [insertMessage(await prepared(message))],
    async rehearse(message) {
      const made = await prepared(message)
      return [insertMessage(made), withdrawMessage(made.id)]
    },
    notify: () => dispatcher.wake(),
    check: () => templates.check(),
    start: () => dispatcher.start(),
    stop: () => dispatcher.stop(),
    templates,
  }
}
