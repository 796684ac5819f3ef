import { Secret } from '../../crypto/secret.ts'
import type { Vault } from '../../crypto/vault.ts'
import type { Db, Statement } from '../../db/db.ts'
import type { BodySpec } from '../../flows/decode.ts'
import { withNodes, withoutValue } from '../../flows/form.ts'
import type { LoginMethod } from '../../flows/login/method.ts'
import { done, retry } from '../../flows/outcome.ts'
import { tooManyGuesses } from '../../flows/guesses.ts'
import type { Credential } from '../../identities/identity.ts'
import { forgetGuesses, takeGuess } from '../../identities/guesses/store.ts'
import { findIdentityWithCredentials, replaceCredentialConfig } from '../../identities/store.ts'
import { openedConfig } from '../../identities/sealed.ts'
import { rfc3339, type Clock, type Micros } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, methodNode } from '../../ui/node.ts'
import { lookupCodesOf, placeOf } from './codes.ts'

export type LookupLoginDeps = { db: Db; clock: Clock; vault: Vault }

const body: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'lookup_secret', type: 'string', required: true, minLength: 1 },
  ],
}

/** A backup code as second factor. Each is good once. */
export const lookupSecretLogin = (deps: LookupLoginDeps, { enabled }: { enabled: boolean }): LoginMethod => ({
  name: 'lookup_secret',
  enabled,
  body,
  claims: ({ method }, { requestedAal }) => requestedAal === 'aal2' && method === 'lookup_secret',
  draw: (ui, screen) =>
    screen.kind === 'second_factor' && screen.identity.credentials.lookup_secret
      ? withNodes(ui, [
          inputNode({
            group: 'lookup_secret',
            name: 'lookup_secret',
            type: 'text',
            value: '',
            required: true,
            label: messages.labelLoginLookupSecret(),
          }),
          methodNode('lookup_secret', 'lookup_secret', messages.loginLookupSecretButton()),
        ])
      : ui,
  keep: (ui) => withoutValue(ui, 'lookup_secret'),
  async submit({ fields, session }) {
    if (!session) throw new Error('a second factor needs somebody who has given a first')
    const identity = await findIdentityWithCredentials(deps.db, session.identityId)
    const credential = identity?.credentials.lookup_secret
    if (!identity || !credential) return retry([{ node: undefined, message: messages.noLookupSecrets() }])
    const guessedAt = { what: 'lookup_secret', identityId: identity.id } as const
    if (!(await takeGuess(deps.db, guessedAt, deps.clock.now()))) return retry([tooManyGuesses()])
    const codes = lookupCodesOf(openedConfig(deps, credential))
    const place = placeOf(new Secret(fields['lookup_secret'] as string), codes)
    if (place < 0) return retry([{ node: undefined, message: messages.lookupWrong() }])
    if (codes[place]!.usedAt !== null) return retry([{ node: undefined, message: messages.lookupUsed() }])
    return done({
      identity,
      factor: { method: 'lookup_secret', aal: 'aal2' },
      statements: [spend(identity.id, credential, place, deps.clock.now()), forgetGuesses(guessedAt)],
    })
  },
})

/** Marks a code as used, if the list still is what it was when the code was found in it. */
function spend(identityId: string, credential: Credential, place: number, now: Micros): Statement {
  const entries = credential.config.recovery_codes as { [key: string]: Json }[]
  const used = entries.with(place, { ...entries[place]!, used_at: rfc3339(now) })
  const config = { ...credential.config, recovery_codes: used }
  return { ...replaceCredentialConfig(identityId, credential, config, now), expect: 1 }
}
