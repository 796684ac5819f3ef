import { messageById, messages } from '../../ui/messages.ts'
import { inputNode, methodNode } from '../../ui/node.ts'
import { Secret } from '../../crypto/secret.ts'
import { applySchema, changedCredential, type SchemaDeps } from '../../identities/update.ts'
import { problemsFrom } from '../../flows/form.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { Statement } from '../../db/db.ts'
import type { Hashing } from '../../crypto/hashers/hashing.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { Micros } from '../../lib/clock.ts'
import type { SettingsMethod } from '../../flows/settings/method.ts'
import { brokenRule, type BrokenRule } from './policy.ts'

export type PasswordSettingsDeps = SchemaDeps & {
  enabled: boolean
  hashing: Hashing
  policy: { minLength: number; similarityCheck: boolean }
  /** Looks a password up in lists of breached ones; undefined when that is switched off. */
  breached: ((password: Secret) => Promise<BrokenRule | undefined>) | undefined
  privilegedAgeMicros: Micros
  /** Uses up the codes and links that were sent or handed out and let somebody in. */
  useUpSent: (identityId: string, now: Micros) => readonly Statement[]
}

/** Sets or replaces the password of the signed-in identity. */
export const passwordSettings = (deps: PasswordSettingsDeps): SettingsMethod => ({
  name: 'password',
  enabled: deps.enabled,
  fields: [{ name: 'password', type: 'string', required: true, minLength: 1 }],
  allowsGet: true,
  hidesPayload: true,
  claims: ({ method }) => method === 'password',
  draw: () => ({
    nodes: [
      inputNode({
        group: 'password',
        name: 'password',
        type: 'password',
        required: true,
        autocomplete: 'new-password',
        label: messages.labelPassword(),
      }),
      methodNode('password', 'password', messages.labelSave()),
    ],
  }),
  async submit({ identity, fields, session, now }) {
    // compat: unlike the general rule, an age of 0 asks for a new login every time – selfservice/strategy/password/settings.go
    if ((session.authenticatedAt ?? 0) + deps.privilegedAgeMicros < now) return { kind: 'refresh' }
    const password = new Secret(fields.password as string)

    // The identifiers that the password will belong to are known only once the schema was asked.
    const prepared = await applySchema(deps, withPassword(identity, '', now))
    if (prepared.errors.length > 0) return retry(problemsFrom(prepared.errors))
    const identifiers = prepared.identity.credentials.password?.identifiers ?? []
    const broken = brokenRule(password, {
      identifiers,
      minLength: deps.policy.minLength,
      maxBytes: deps.hashing.maxPasswordBytes,
      similarityCheck: deps.policy.similarityCheck,
    })
    if (broken) return refused(broken)

    const old = identity.credentials.password?.config.hashed_password
    // Neither needs the other's answer, and each takes its time by design.
    const [unchanged, hash, breach] = await Promise.all([
      typeof old === 'string' && old !== '' ? deps.hashing.compare(password, old) : false,
      deps.hashing.hash(password),
      deps.breached?.(password),
    ])
    if (breach) return refused(breach)
    if (unchanged) return retry([{ node: 'password', message: messages.passwordSameAsOld() }])
    if (identifiers.length === 0) return retry([{ node: undefined, message: messages.noIdentifier() }])
    return done({
      identity: withPassword(prepared.identity, hash, now),
      // Whoever had a look at the mailbox before must not undo this with what was sent there.
      statements: deps.useUpSent(identity.id, now),
    })
  },
})

const refused = ({ id, context }: BrokenRule) =>
  retry([{ node: 'password', message: messageById(id, context as Record<string, Json> | undefined) }])

function withPassword(identity: IdentityWithCredentials, hash: string, now: Micros): IdentityWithCredentials {
  const old = identity.credentials.password
  const password = changedCredential(
    old,
    { type: 'password', identifiers: old?.identifiers ?? [], config: { hashed_password: hash }, version: 1 },
    now,
  )
  return { ...identity, credentials: { ...identity.credentials, password } }
}
