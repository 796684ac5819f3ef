import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testDatabases } from '../../../test/support/databases.ts'
import { requestOf } from '../../../test/support/requests.ts'
import { credential, storedIdentity, testClock } from '../../../test/support/sessions.ts'
import { createHashing } from '../../crypto/hashers/hashing.ts'
import { Secret } from '../../crypto/secret.ts'
import { UnexpectedRowCount, type Db } from '../../db/db.ts'
import { newFlow } from '../../flows/flow.ts'
import { replaceCredentialConfig } from '../../identities/store.ts'
import { normaliseGracefully } from '../../identities/normalise.ts'
import { passwordLogin } from './login.ts'

const hashing = createHashing({
  config: {
    algorithm: 'bcrypt',
    bcrypt: { cost: 4 },
    argon2: { memory: '1MB', iterations: 1, salt_length: 16, key_length: 16 },
  },
  dev: true,
})

for (const { name, open } of testDatabases()) {
  describe(name, () => {
    for (const rehashes of [false, true])
      test(`a password that is changed while it is checked opens nothing${rehashes ? ', even if its hash is to be renewed' : ''}`, async () => {
        const [db, clock] = [await open(), testClock()]
        const old = credential('password', { hashed_password: await hashing.hash(new Secret('analytical-engine')) })
        const ada = await storedIdentity(db, { credentials: { password: old } })
        const statements = await proof(db, clock, rehashes)
        await db.batch(statements)

        const late = await proof(db, clock, rehashes)
        clock.pass(1)
        const now = (await db.query<{ config: string }>('select config from identity_credentials'))[0]!.config
        const before = { ...old, config: JSON.parse(now) as typeof old.config }
        const changed = { hashed_password: await hashing.hash(new Secret('difference-engine')) }
        await db.batch([replaceCredentialConfig(ada.id, before, changed, clock.now())])
        await assert.rejects(db.batch(late), UnexpectedRowCount)
        const [row] = await db.query<{ config: string }>('select config from identity_credentials')
        assert.deepEqual(JSON.parse(row!.config), changed)
      })
  })
}

/** What has to be stored with the session of somebody who knows the password. */
async function proof(db: Db, clock: ReturnType<typeof testClock>, rehashes: boolean) {
  const method = passwordLogin(
    {
      db,
      clock,
      hashing: { ...hashing, needsRehash: () => rehashes },
      normalise: normaliseGracefully,
      rules: { codePasswordless: false, codeMfa: false, migrationHook: false },
      migration: undefined,
      onRehashFailure: (error) => assert.fail(error as Error),
    },
    { enabled: true },
  )
  const now = clock.now()
  const outcome = await method.submit({
    flow: newFlow({
      name: 'login',
      type: 'api',
      requestUrl: '',
      state: 'choose_method',
      lifespanMicros: 1,
      publicBaseUrl: '',
      now,
    }),
    fields: { identifier: 'ada@example.test', password: 'analytical-engine' },
    session: undefined,
    methods: [],
    request: requestOf('POST', '/self-service/login'),
  })
  assert.ok(outcome.kind === 'done' && outcome.result.statements)
  return outcome.result.statements
}
