import { complete } from '../../src/config/check.ts'
import type { Static } from '../../src/lib/shape.ts'
import { courier } from '../../src/courier/config.ts'
import { createCourier, type Courier } from '../../src/courier/courier.ts'
import type { Message } from '../../src/courier/message.ts'
import type { Db } from '../../src/db/db.ts'
import { createOutbound } from '../../src/http/outbound.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createJsonnet } from '../../src/lib/jsonnet/jsonnet.ts'
import { createSourceLoader } from '../../src/lib/source.ts'

/** The section of the configuration with its defaults. */
export function courierConfig(given: Record<string, unknown> = {}): Static<typeof courier> {
  const { value, problems } = complete(courier, given)
  if (problems.length > 0) throw new Error(problems.map(({ path, reason }) => `${path}: ${reason}`).join('\n'))
  return value
}

export type LogEntry = { level: 'warn' | 'error'; text: string; problem: object }

export type TestCourier = Courier & {
  log: LogEntry[]
  /** Queues a message in a transaction of its own and lets it go. */
  post(message: Message): Promise<void>
  close(): Promise<void>
}

type Options = { disallowPrivateSmtp?: boolean; leaseMs?: number }

/** A courier with nothing around it but a database. */
export function courierOn(db: Db, given: Record<string, unknown> = {}, options: Options = {}): TestCourier {
  const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] })
  const jsonnet = createJsonnet({})
  const log: LogEntry[] = []
  const note = (level: LogEntry['level']) => (problem: object, text: string) => void log.push({ level, text, problem })
  const made = createCourier({
    db,
    clock: systemClock(),
    config: courierConfig(given),
    disallowPrivateSmtp: options.disallowPrivateSmtp ?? false,
    outbound,
    jsonnet,
    loadSource: createSourceLoader({ outbound }),
    log: { warn: note('warn'), error: note('error') },
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
  })
  return {
    ...made,
    log,
    async post(message) {
      await db.batch(await made.enqueue(message))
      made.notify()
    },
    async close() {
      await made.stop()
      await jsonnet.close()
      await outbound.close()
    },
  }
}
