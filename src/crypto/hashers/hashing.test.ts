import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../../errors.ts'
import { Secret } from '../secret.ts'
import { createHashing, type HashersConfig, parseSize } from './hashing.ts'

const config: HashersConfig = {
  algorithm: 'bcrypt',
  bcrypt: { cost: 4 },
  argon2: { memory: '1MB', iterations: 2, parallelism: 1, salt_length: 16, key_length: 32 },
}
const argon2 = { ...config, algorithm: 'argon2' } as const
const password = new Secret('difference-engine')

const isTooMany = (error: unknown) =>
  error instanceof ApiError && error.body.status === 429 && error.retryAfterSeconds === 5

test('bcrypt writes $2a$ and reads what it wrote', async () => {
  const hashing = createHashing({ config, dev: true })
  const encoded = await hashing.hash(password)
  assert.match(encoded, /^\$2a\$04\$[./A-Za-z0-9]{53}$/)
  assert.notEqual(await hashing.hash(password), encoded)
  assert.equal(await hashing.compare(password, encoded), true)
  assert.equal(await hashing.compare(new Secret('analytical-engine'), encoded), false)
})

test('bcrypt takes 72 bytes, whatever they are, and refuses more', async () => {
  const hashing = createHashing({ config, dev: true })
  assert.equal(hashing.maxPasswordBytes, 72)
  const full = new Secret(`a\0b${'ü'.repeat(34)}c`)
  const encoded = await hashing.hash(full)
  assert.equal(await hashing.compare(full, encoded), true)
  assert.equal(await hashing.compare(new Secret(`a\0b${'ü'.repeat(34)}d`), encoded), false)
  assert.equal(await hashing.compare(new Secret('a'), encoded), false)
  await assert.rejects(
    hashing.hash(new Secret('ü'.repeat(37))),
    (error: unknown) => error instanceof ApiError && error.body.status === 400,
  )
})

test('argon2 writes its parameters and reads what it wrote, of any length', async () => {
  const hashing = createHashing({ config: argon2, dev: false })
  assert.equal(hashing.maxPasswordBytes, undefined)
  const long = new Secret('y'.repeat(5000))
  const encoded = await hashing.hash(long)
  assert.match(encoded, /^\$argon2id\$v=19\$m=1024,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await hashing.compare(long, encoded), true)
  assert.equal(await hashing.compare(new Secret('y'.repeat(4999)), encoded), false)
})

test('argon2 gets at least 8 KiB of memory for each lane', async () => {
  const hashing = createHashing({
    config: { ...argon2, argon2: { ...config.argon2, memory: '1B', parallelism: 3 } },
    dev: false,
  })
  const encoded = await hashing.hash(password)
  assert.match(encoded, /\$m=24,t=2,p=3\$/)
  assert.equal(await hashing.compare(password, encoded), true)
})

test('hashes with the configured parameters are compared even where an import with them is refused', async () => {
  const lanes = { ...argon2, argon2: { ...config.argon2, parallelism: 20 } }
  const encoded = await createHashing({ config: lanes, dev: false }).hash(password)
  assert.equal(await createHashing({ config: lanes, dev: false }).compare(password, encoded), true)
  assert.equal(await createHashing({ config: argon2, dev: false }).compare(password, encoded), false)
})

test('outside of development a bcrypt cost below 12 becomes 12', () => {
  const twelve = '$2a$12$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42'
  const eleven = twelve.replace('12', '11')
  const hashing = createHashing({ config, dev: false })
  assert.deepEqual([hashing.needsRehash(twelve), hashing.needsRehash(eleven)], [false, true])
})

const argon2id = (parameters: string) =>
  `$argon2id$v=19$${parameters}$VNhQyhbw66QJZOitbVhv5Q$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY`

test('hashes of another algorithm are made anew, those of less work too, those of more work are not', () => {
  const cases: [HashersConfig, string, boolean][] = [
    [config, '$2y$12$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42', false],
    [config, '$2b$14$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42', false],
    [config, '$2b$10$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42', true],
    [config, argon2id('m=1048576,t=9,p=4'), true],
    [config, '$md5$KyU+UtKkTBT3LzVBX1bcpg==', true],
    [argon2, '$2b$14$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42', true],
    [argon2, argon2id('m=1024,t=2,p=1').replace('2id', '2i'), true],
    [argon2, argon2id('m=1024,t=2,p=4'), false],
    [argon2, argon2id('m=2048,t=1,p=1'), false],
    [argon2, argon2id('m=1024,t=1,p=1'), true],
    [argon2, argon2id('m=512,t=2,p=1'), true],
  ]
  for (const [config, encoded, expected] of cases) {
    assert.equal(createHashing({ config, dev: false }).needsRehash(encoded), expected, `${config.algorithm} ${encoded}`)
  }
})

test('in development weaker hashes of the same algorithm stay, others are made anew', () => {
  assert.equal(createHashing({ config: argon2, dev: true }).needsRehash(argon2id('m=512,t=1,p=1')), false)
  assert.equal(createHashing({ config: argon2, dev: true }).needsRehash('$2b$04$x'), true)
  assert.equal(
    createHashing({ config: { ...config, bcrypt: { cost: 6 } }, dev: true }).needsRehash(
      '$2b$05$DoujQ10MjDcaAqxhJ1qZVuGMe3pTVDr16grCvh38TH1HCvyOcPwM.',
    ),
    false,
  )
})

/** Processor time of this process, which does not depend on what else the machine does. In milliseconds. */
async function workOf(task: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < 5; i++) await task()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

for (const { name, config: costly } of [
  { name: 'bcrypt', config: { ...config, bcrypt: { cost: 9 } } },
  { name: 'argon2', config: { ...argon2, argon2: { ...config.argon2, memory: '16MB' } } },
]) {
  test(`an unknown identifier costs what a wrong password costs, with ${name}`, async () => {
    const hashing = createHashing({ config: costly, dev: true })
    const encoded = await hashing.hash(password)
    const wrong = new Secret('analytical-engine')
    const [known, unknown] = [
      await workOf(() => hashing.compare(wrong, encoded)),
      await workOf(() => hashing.spendLikeACompare(wrong)),
    ]
    assert.ok(unknown > known / 3 && unknown < known * 3, `${unknown} ms, not ${known} ms`)
    assert.ok(unknown > 15, `${unknown} ms is no work`)
  })
}

test('so many are computed at once, so many wait in turn, the others are sent away', async () => {
  const hashing = createHashing({
    config: { ...config, bcrypt: { cost: 6 } },
    dev: true,
    concurrency: 1,
    maxWaiting: 2,
  })
  const encoded = await hashing.hash(password)
  const done: string[] = []
  const jobs = [
    hashing.compare(password, encoded).then(() => done.push('first')),
    hashing.hash(password).then(() => done.push('second')),
    hashing.spendLikeACompare(password).then(() => done.push('third')),
  ]
  await assert.rejects(hashing.compare(password, encoded), isTooMany)
  await assert.rejects(hashing.spendLikeACompare(password), isTooMany)
  await assert.rejects(hashing.hash(password), isTooMany)
  await Promise.all(jobs)
  assert.deepEqual(done, ['first', 'second', 'third'])
  assert.equal(await hashing.compare(password, encoded), true)
})

test('sizes are counted in steps of 1024', () => {
  assert.equal(parseSize('128MB'), 128 * 1024 * 1024)
  assert.equal(parseSize('1GB'), 1024 ** 3)
  assert.equal(parseSize('512B'), 512)
  for (const text of ['64', '64MiB', 'MB', '-1MB']) assert.throws(() => parseSize(text), ApiError)
})
