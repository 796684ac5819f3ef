import type { Secret } from '../../crypto/secret.ts'
import { errors } from '../../errors.ts'
import type { Flow } from '../../flows/flow.ts'
import { HookFailure, requestContext, type Occasion } from '../../flows/hook.ts'
import { loginFlow } from '../../flows/wire.ts'
import { createDelivery, createTemplates, type DeliveryDeps } from '../../hooks/web-hook/delivery.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { publicIdentity } from '../../identities/wire.ts'
import { isObject, type Json } from '../../lib/json.ts'
import type { Static } from '../../lib/shape.ts'
import { newUuid } from '../../lib/uuid.ts'
import type { password } from './config.ts'

type MigrationConfig = Static<typeof password>['config']['migrate_hook']

export type Question = {
  request: Occasion['request']
  flow: Flow
  identity: IdentityWithCredentials
  /** As it was typed. */
  identifier: string
  password: Secret
  transientPayload: Json
}

/**
 * Asks the system that people come from whether a password is the one that they have there.
 * @throws ApiError when that cannot be found out
 */
export type PasswordMigration = (question: Question) => Promise<boolean>

/** The hook as it is configured; undefined when it is switched off. */
export function passwordMigration(
  deps: DeliveryDeps & { publicBaseUrl: string },
  { enabled, config: { url, ...config } }: MigrationConfig,
): PasswordMigration | undefined {
  if (!enabled) return undefined
  if (url === undefined)
    return async () => {
      throw errors.invalidConfiguration('The password migration hook has no address to ask.')
    }
  const deliver = createDelivery({ ...deps, loadSource: createTemplates(deps) }, { ...config, url })

  return async ({ request, flow, identity, identifier, password: secret, transientPayload }) => {
    const asked = { identifier, password: secret.reveal() }
    const context = {
      ...asked,
      flow: loginFlow(flow, { transientPayload }),
      identity: publicIdentity(identity, deps.publicBaseUrl),
      ...requestContext(request),
    }
    const delivery = { id: newUuid(), context, plain: asked, reads: (status: number) => status === 200 }
    let answer
    try {
      answer = await deliver(delivery)
    } catch (error) {
      throw error instanceof HookFailure ? unusable(error) : error
    }
    // A snippet that cancels the request knows enough.
    if (answer === undefined || answer.status === 403) return false
    if (answer.status !== 200) throw unusable(new Error(`The hook answered with status ${answer.status}.`))
    return agrees(answer.body.toString())
  }
}

const unusable = (cause: Error) =>
  errors.badGateway('The system that knows this password gave no usable answer.', { cause })

function agrees(body: string): boolean {
  try {
    const answer: unknown = JSON.parse(body)
    return isObject(answer) && answer['status'] === 'password_match'
  } catch {
    return false
  }
}
