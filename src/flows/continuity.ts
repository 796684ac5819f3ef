import { newUuid, parseUuid } from '../lib/uuid.ts'
import { cookieValues, setCookie } from '../http/cookies.ts'
import { errors } from '../errors.ts'
import type { Clock, Micros } from '../lib/clock.ts'
import type { Db } from '../db/db.ts'
import type { Json } from '../lib/json.ts'
import type { Request } from '../http/types.ts'
import type { Sealer } from '../sessions/cookie.ts'
import { insertContainer, takeContainer } from './store.ts'

/** What was submitted and waits until its person has signed in again. */
export type Pending = { flowId: string; fields: Record<string, Json> }

/**
 * One browser's pending submissions. Each has a name (`ory_kratos_settings_profile`); a sealed cookie leads from names
 * to rows, which are sealed too, as they may hold a new password.
 */
export type PendingJar = {
  pause(name: string, identityId: string, pending: Pending): Promise<void>
  /** Takes a pending submission out: it is processed once or never. @throws errors.forbidden when it is another person's */
  take(name: string, identityId: string): Promise<Pending | undefined>
  /** Forgets pending submissions, as opening a fresh form does. */
  abort(names: readonly string[]): Promise<void>
  /** The id of a row of somebody else's that the browser is to bring back, under a name of its own. */
  note(name: string, id: string): void
  noted(name: string): string | undefined
  /** The `Set-Cookie` value, when the cookie has to be written. */
  cookie(): string | undefined
}

export type ContinuityDeps = {
  db: Db
  clock: Clock
  /** Seals the cookie. */
  cookieSealer: Sealer
  /** Seals what is stored. */
  payloadSealer: Sealer
  secure: boolean
}

const cookieName = 'ory_kratos_continuity'
const cookieSeconds = 30 * 24 * 3600
const lifespanMicros: Micros = 15 * 60 * 1_000_000

export const openPendingJar = (
  { db, clock, cookieSealer, payloadSealer, secure }: ContinuityDeps,
  request: Request,
): PendingJar => {
  const names = readNames(cookieSealer, cookieValues(request, cookieName))
  let changed = false

  async function remove(name: string): Promise<{ identityId: string | null; payload: string } | undefined> {
    const id = names.get(name)
    if (id === undefined) return undefined
    names.delete(name)
    changed = true
    const found = await takeContainer(db, id, name)
    return found && found.expiresAt > clock.now() ? found : undefined
  }

  return {
    async pause(name, identityId, pending) {
      await remove(name)
      const id = newUuid()
      const payload = payloadSealer.seal(JSON.stringify(pending))
      await db.batch([insertContainer({ id, name, identityId, payload, expiresAt: clock.now() + lifespanMicros })])
      names.set(name, id)
      changed = true
    },
    async take(name, identityId) {
      const found = await remove(name)
      if (!found) return undefined
      if (found.identityId !== null && found.identityId !== identityId)
        throw errors.forbidden('What was to be continued belongs to another person.')
      const text = payloadSealer.open(found.payload)
      return text === undefined ? undefined : (JSON.parse(text) as Pending)
    },
    async abort(list) {
      for (const name of list) await remove(name)
    },
    note(name, id) {
      names.set(name, id)
      changed = true
    },
    noted: (name) => names.get(name),
    cookie() {
      if (!changed) return undefined
      const value = cookieSealer.seal(JSON.stringify([...names]))
      return setCookie(cookieName, value, {
        path: '/',
        secure,
        sameSite: 'Lax',
        maxAge: cookieSeconds,
        expiresMs: clock.now() / 1000 + cookieSeconds * 1000,
      })
    },
  }
}

function readNames(sealer: Sealer, values: string[]): Map<string, string> {
  for (const value of values) {
    const text = sealer.open(value)
    if (text !== undefined) return new Map((JSON.parse(text) as [string, string][]).filter(([, id]) => parseUuid(id)))
  }
  return new Map()
}
