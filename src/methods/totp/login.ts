import { Secret } from '../../crypto/secret.ts'
import type { Vault } from '../../crypto/vault.ts'
import type { Db } from '../../db/db.ts'
import type { BodySpec } from '../../flows/decode.ts'
import { withNodes, withoutValue } from '../../flows/form.ts'
import type { LoginMethod } from '../../flows/login/method.ts'
import { done, retry } from '../../flows/outcome.ts'
import { tooManyGuesses } from '../../flows/guesses.ts'
import { forgetGuesses, takeGuess } from '../../identities/guesses/store.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'
import { openedConfig } from '../../identities/sealed.ts'
import type { Clock } from '../../lib/clock.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, methodNode } from '../../ui/node.ts'
import { totpSecretOf, totpStepOf } from './key.ts'
import { findLastTotpStep, spendTotpStep } from './store.ts'

export type TotpLoginDeps = { db: Db; clock: Clock; vault: Vault }

const body: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'totp_code', type: 'string', required: true, minLength: 6 },
    { name: 'transient_payload', type: 'object' },
  ],
}

/** A code of an authenticator app as second factor. Each is accepted once. */
export const totpLogin = (deps: TotpLoginDeps, { enabled }: { enabled: boolean }): LoginMethod => ({
  name: 'totp',
  enabled,
  body,
  claims: ({ method }, { requestedAal }) => requestedAal === 'aal2' && method === 'totp',
  draw: (ui, screen) =>
    screen.kind === 'second_factor' && screen.identity.credentials.totp
      ? withNodes(ui, [
          inputNode({
            group: 'totp',
            name: 'totp_code',
            type: 'text',
            value: '',
            required: true,
            label: messages.labelLoginTotp(),
          }),
          methodNode('totp', 'totp', messages.loginTotpButton()),
        ])
      : ui,
  keep: (ui) => withoutValue(ui, 'totp_code'),
  async submit({ fields, session }) {
    if (!session) throw new Error('a second factor needs somebody who has given a first')
    const [identity, lastStep] = await Promise.all([
      findIdentityWithCredentials(deps.db, session.identityId),
      findLastTotpStep(deps.db, session.identityId),
    ])
    const totp = identity?.credentials.totp
    if (!identity || !totp) return retry([{ node: undefined, message: messages.noTotp() }])
    const guessedAt = { what: 'totp', identityId: identity.id } as const
    if (!(await takeGuess(deps.db, guessedAt, deps.clock.now()))) return retry([tooManyGuesses()])
    const secret = totpSecretOf(String(openedConfig(deps, totp).totp_url ?? '')) ?? ''
    const code = new Secret(fields['totp_code'] as string)
    const step = totpStepOf({ secret, code }, deps.clock.now(), lastStep)
    if (step === undefined) return retry([{ node: undefined, message: messages.totpWrong() }])
    return done({
      identity,
      factor: { method: 'totp', aal: 'aal2' },
      statements: [spendTotpStep(identity.id, totp, step), forgetGuesses(guessedAt)],
    })
  },
})
