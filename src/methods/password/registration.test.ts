import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hashing } from '../../crypto/hashers/hashing.ts'
import { newFlow } from '../../flows/flow.ts'
import type { RegistrationSubmission } from '../../flows/registration/method.ts'
import * as normalisers from '../../identities/normalise.ts'
import { deriveFromTraits } from '../../identities/schema/derive.ts'
import { compileIdentitySchema } from '../../identities/schema/schema.ts'
import { nodeId } from '../../ui/node.ts'
import { identityOf } from '../../../test/support/sessions.ts'
import type { BrokenRule } from './policy.ts'
import { passwordRegistration, type PasswordRegistrationDeps } from './registration.ts'

const schema = await compileIdentitySchema(
  JSON.stringify({
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        properties: { email: { type: 'string', 'ory.sh/kratos': { credentials: { password: { identifier: true } } } } },
      },
    },
  }),
)
const flow = newFlow({
  name: 'registration',
  type: 'api',
  requestUrl: '',
  state: 'choose_method',
  lifespanMicros: 1,
  publicBaseUrl: 'https://id.example',
  now: 0,
})

const hashing: Hashing = {
  maxPasswordBytes: 72,
  hash: (password) => Promise.resolve(`hash of ${password.reveal()}`),
  compare: () => Promise.resolve(false),
  needsRehash: () => false,
  spendLikeACompare: () => Promise.resolve(),
}
const method = (changes: Partial<PasswordRegistrationDeps> = {}) =>
  passwordRegistration({
    enabled: true,
    hashing,
    policy: { minLength: 8, similarityCheck: true },
    breached: undefined,
    ...changes,
  })

const submissionOf = (password: string, traits: Record<string, string>): RegistrationSubmission => ({
  flow,
  schema,
  fields: { method: 'password', password, traits },
  draft: identityOf(),
  derived: deriveFromTraits(schema, traits, normalisers),
  nodesOf: () => [],
  now: 5,
  request: { headerLines: () => [] },
})

const idsOf = async (
  changes: Partial<PasswordRegistrationDeps>,
  password: string,
  traits: Record<string, string> = { email: 'ada@shop.example' },
) => {
  const outcome = await method(changes).submit(submissionOf(password, traits))
  assert.equal(outcome.kind, 'retry')
  return outcome.kind === 'retry'
    ? outcome.problems.map(({ node, message }) => [node, message.id, message.context])
    : []
}

test('a password becomes a credential for the identifiers among the traits', async () => {
  const outcome = await method().submit(submissionOf('difference-engine', { email: 'Ada@Shop.example' }))
  assert.ok(outcome.kind === 'done')
  assert.deepEqual(outcome.result.identity.credentials, {
    password: {
      type: 'password',
      identifiers: ['ada@shop.example'],
      config: { hashed_password: 'hash of difference-engine' },
      version: 1,
      createdAt: 5,
      updatedAt: 5,
    },
  })
  assert.deepEqual(outcome.result.factors, [{ method: 'password', aal: 'aal1' }])
})

test('without an identifier there is nothing to sign in with', async () => {
  assert.deepEqual(await idsOf({}, 'difference-engine', {}), [[undefined, 4000009, undefined]])
})

test('passwords that are short, similar or too long for the algorithm are refused on their field', async () => {
  assert.deepEqual(await idsOf({}, 'ü7é'), [['password', 4000032, { min_length: 8, actual_length: 5 }]])
  assert.deepEqual(await idsOf({}, 'ada@shop.examplf'), [['password', 4000031, undefined]])
  assert.deepEqual(await idsOf({}, 'y'.repeat(73)), [['password', 4000033, { max_length: 72, actual_length: 73 }]])
})

test('a password that others have found out is refused', async () => {
  const breached = (): Promise<BrokenRule> => Promise.resolve({ id: 4000034, context: { breaches: 3 } })
  assert.deepEqual(await idsOf({ breached }, 'difference-engine'), [['password', 4000034, { breaches: 3 }]])
})

test('the field and its button stand where a credential is asked for', () => {
  const on = (screen: 'everything' | 'profile' | 'credentials') => method().nodes(screen, { flow, schema }).map(nodeId)
  assert.deepEqual(on('everything'), ['password', 'method'])
  assert.deepEqual(on('credentials'), ['password', 'method'])
  assert.deepEqual(on('profile'), [])
})
