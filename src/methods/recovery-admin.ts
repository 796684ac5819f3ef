import { errors } from '../errors.ts'
import { DecodeError, decodeJson, objectOf, text } from '../lib/decode.ts'
import type { Micros } from '../lib/clock.ts'
import { durationMicros } from '../lib/duration.ts'
import { parseUuid } from '../lib/uuid.ts'

// What the two ways of an operator to let somebody recover an account have in common.

const body = objectOf({ identity_id: text, expires_in: text, flow_type: text })

export type OperatorRequest = {
  /** Undefined when the body names nobody. */
  identityId: string | undefined
  lifespanMicros: Micros
  flowType: 'browser' | 'api'
}

/**
 * Reads what an operator asks for.
 * @throws errors.badRequest for anything that cannot be
 */
export function readOperatorRequest(
  contentType: string | undefined,
  text: string,
  defaultLifespanMicros: Micros,
): OperatorRequest {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type !== 'application/json') throw errors.badRequest('The content type has to be application/json.')
  const asked = decoded(text)
  const flowType = asked.flow_type ?? 'browser'
  if (flowType !== 'browser' && flowType !== 'api') throw errors.badRequest('flow_type has to be browser or api.')
  return {
    identityId: identityIdOf(asked.identity_id),
    lifespanMicros: asked.expires_in === undefined ? defaultLifespanMicros : lifespanOf(asked.expires_in),
    flowType,
  }
}

function decoded(json: string) {
  try {
    return decodeJson(json, body, { strict: false }) ?? {}
  } catch (error) {
    if (error instanceof DecodeError) throw errors.badRequest(error.message)
    throw error
  }
}

function identityIdOf(written: string | undefined): string | undefined {
  if (written === undefined) return undefined
  const id = parseUuid(written)
  if (!id) throw errors.badRequest('identity_id has to be the id of an identity.')
  return id
}

function lifespanOf(written: string): Micros {
  const micros = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(written) ? durationMicros(written) : 0
  if (!Number.isSafeInteger(micros) || micros <= 0)
    throw errors.badRequest('expires_in has to be a duration of more than nothing, such as 1h or 30m.')
  return micros
}
