import type { Hashing } from '../../crypto/hashers/hashing.ts'
import { Secret } from '../../crypto/secret.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { SubmittingMethod } from '../../flows/registration/method.ts'
import type { Credential } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import { messageById, messages } from '../../ui/messages.ts'
import { inputNode, methodNode } from '../../ui/node.ts'
import { brokenRule, type BrokenRule } from './policy.ts'

export type PasswordRegistrationDeps = {
  enabled: boolean
  hashing: Hashing
  policy: { minLength: number; similarityCheck: boolean }
  /** Looks a password up in lists of breached ones; undefined when that is switched off. */
  breached: ((password: Secret) => Promise<BrokenRule | undefined>) | undefined
}

/** Somebody new chooses a password. */
export const passwordRegistration = ({
  enabled,
  hashing,
  policy,
  breached,
}: PasswordRegistrationDeps): SubmittingMethod => ({
  name: 'password',
  enabled,
  fields: [{ name: 'password', type: 'string', required: true, minLength: 1 }],
  claims: ({ method }) => method === 'password',
  nodes: (screen) =>
    screen === 'profile'
      ? []
      : [
          inputNode({
            group: 'password',
            name: 'password',
            type: 'password',
            required: true,
            autocomplete: 'new-password',
            label: messages.labelPassword(),
          }),
          methodNode('password', 'password', messages.registrationButton()),
        ],
  async submit({ fields, draft, derived, now }) {
    const identifiers = derived.passwordIdentifiers
    if (identifiers.length === 0) return retry([{ node: undefined, message: messages.noIdentifier() }])
    const password = new Secret(fields.password as string)
    const broken = brokenRule(password, {
      identifiers,
      minLength: policy.minLength,
      maxBytes: hashing.maxPasswordBytes,
      similarityCheck: policy.similarityCheck,
    })
    if (broken) return refused(broken)

    // The list of breached passwords takes its time on the network, the hash on the processor.
    const [hash, breach] = await Promise.all([hashing.hash(password), breached?.(password)])
    if (breach) return refused(breach)
    const credential: Credential = {
      type: 'password',
      identifiers,
      config: { hashed_password: hash },
      version: 1,
      createdAt: now,
      updatedAt: now,
    }
    return done({
      identity: { ...draft, credentials: { password: credential } },
      factors: [{ method: 'password', aal: 'aal1' }],
    })
  },
})

const refused = ({ id, context }: BrokenRule) =>
  retry([{ node: 'password', message: messageById(id, context as Record<string, Json> | undefined) }])
