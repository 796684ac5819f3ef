import { Secret } from '../../crypto/secret.ts'
import { errors } from '../../errors.ts'
import type { Hashing } from '../../crypto/hashers/hashing.ts'
import type { Db, Statement } from '../../db/db.ts'
import type { BodySpec } from '../../flows/decode.ts'
import type { Ui } from '../../flows/flow.ts'
import { mapNodes, withNodes, type Problem } from '../../flows/form.ts'
import { keepIdentifier, spellingsOf } from '../../flows/login/identifier.ts'
import type { LoginFields, LoginMethod, LoginScreen } from '../../flows/login/method.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { Credential, IdentityWithCredentials } from '../../identities/identity.ts'
import { expectCredential, findIdentityByIdentifier, replaceCredentialConfig } from '../../identities/store.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import { countFirstFactors, type FactorRules } from '../../sessions/assurance.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { inputNode, methodNode, withValue, type UiNode } from '../../ui/node.ts'
import type { PasswordMigration, Question } from './migration.ts'

export type PasswordLoginDeps = {
  db: Db
  clock: Clock
  hashing: Pick<Hashing, 'compare' | 'hash' | 'needsRehash' | 'spendLikeACompare'>
  normalise(identifier: string): string
  rules: FactorRules
  /** Asks elsewhere about passwords that are not here yet; undefined when nobody is to be asked. */
  migration: PasswordMigration | undefined
  /** A hash that could not be renewed does not keep anybody from signing in. */
  onRehashFailure(error: unknown): void
}

const body: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'identifier', type: 'string' },
    // Its name in old clients.
    { name: 'password_identifier', type: 'string' },
    { name: 'password', type: 'string', required: true, minLength: 1 },
    { name: 'transient_payload', type: 'object' },
  ],
}

/** Signs somebody in who knows the password of an identifier. */
export const passwordLogin = (deps: PasswordLoginDeps, { enabled }: { enabled: boolean }): LoginMethod => ({
  name: 'password',
  enabled,
  body,
  claims: ({ method }, { requestedAal }) => requestedAal !== 'aal2' && method === 'password',
  check: (fields) => (identifierIn(fields) === '' ? [missingIdentifier()] : []),
  draw: (ui, screen) => withNodes(ui, nodesFor(deps, screen)),
  keep: (ui, fields) => withoutPassword(keepIdentifier(ui, identifierIn(fields))),
  async submit({ fields, flow, request }) {
    const password = new Secret(fields['password'] as string)
    const transientPayload = (fields['transient_payload'] ?? {}) as Json
    const proof = await prove(deps, { identifier: identifierIn(fields), password, flow, request, transientPayload })
    if (!proof) return retry([{ node: undefined, message: messages.invalidCredentials() }])
    return done({ ...proof, factor: { method: 'password', aal: 'aal1' } })
  },
})

const identifierIn = (fields: LoginFields): string =>
  ((fields['identifier'] ?? fields['password_identifier']) as string | undefined) ?? ''

const missingIdentifier = (): Problem => ({
  node: 'identifier',
  message: messages.required({ property: 'identifier' }),
})

type Proof = { identity: IdentityWithCredentials; statements: readonly Statement[] }

/**
 * The identity that an identifier and a password belong to, and what has to be stored about it.
 * Without a hash to compare with, the same work is done in vain: the time of the answer tells nobody who exists.
 */
async function prove(deps: PasswordLoginDeps, attempt: Omit<Question, 'identity'>): Promise<Proof | undefined> {
  const { db, hashing, normalise } = deps
  const { identifier, password } = attempt
  const spellings = spellingsOf(identifier, normalise)
  const identity = spellings.length === 0 ? undefined : await findIdentityByIdentifier(db, ['password'], spellings)
  const credential = identity?.credentials.password
  const hash = credential?.config['hashed_password']
  if (identity && credential && typeof hash === 'string' && hash !== '') {
    if (!(await hashing.compare(password, hash))) return undefined
    const renewed = await renewedHash(deps, identity, password)
    // Comparing takes its time. Whoever changes a password and ends all sessions meanwhile must not be outrun by the old one.
    const unchanged = expectCredential(db.dialect, identity.id, credential, { change: renewed.length > 0 })
    return { identity, statements: [unchanged, ...renewed] }
  }
  if (identity && credential?.config['use_password_migration_hook'] === true)
    return migrated(deps, credential, { ...attempt, identity })
  await hashing.spendLikeACompare(password)
  return undefined
}

/**
 * Takes a password over that another system knows, so that it need not be asked again.
 * @throws errors.invalidConfiguration when nobody may be asked
 */
async function migrated(
  { clock, db, hashing, migration }: PasswordLoginDeps,
  credential: Credential,
  question: Question,
): Promise<Proof | undefined> {
  const { identity, password } = question
  if (!migration)
    throw errors.invalidConfiguration('This account waits for the password migration hook, which is switched off.')
  if (!(await migration(question))) return undefined
  const { use_password_migration_hook: _, ...config } = credential.config
  const taken = { ...config, hashed_password: await hashing.hash(password) }
  // Who has got a password here while the other system was asked, signs in with that one.
  const unchanged = expectCredential(db.dialect, identity.id, credential, { change: true })
  return { identity, statements: [unchanged, replaceCredentialConfig(identity.id, credential, taken, clock.now())] }
}

/** The statement that replaces a hash of another kind than the configured one. */
async function renewedHash(
  { clock, hashing, onRehashFailure }: PasswordLoginDeps,
  identity: IdentityWithCredentials,
  password: Secret,
): Promise<Statement[]> {
  const credential = identity.credentials.password as Credential
  const old = credential.config['hashed_password'] as string
  if (!hashing.needsRehash(old)) return []
  try {
    const config = { ...credential.config, hashed_password: await hashing.hash(password) }
    return [replaceCredentialConfig(identity.id, credential, config, clock.now())]
  } catch (error) {
    onRehashFailure(error)
    return []
  }
}

// -- the form -------------------------------------------------------------------------------------------------------

function nodesFor({ rules }: PasswordLoginDeps, screen: LoginScreen): UiNode[] {
  switch (screen.kind) {
    case 'first_factor':
      return [identifierField(screen.identifierLabel), passwordField(), button(messages.loginPasswordButton())]
    case 'refresh': {
      const identifier = screen.identity.credentials.password?.identifiers[0]
      if (!identifier || !hasPassword(screen.identity, rules)) return []
      const known = inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: identifier })
      return [known, passwordField(), button(messages.loginRefreshButton())]
    }
    case 'identified':
      return screen.mitigate || (screen.identity && hasPassword(screen.identity, rules))
        ? [passwordField(), button(messages.loginPasswordButton())]
        : []
    case 'identification':
    case 'second_factor':
      return []
  }
}

function hasPassword({ credentials: { password } }: IdentityWithCredentials, rules: FactorRules): boolean {
  return password !== undefined && countFirstFactors({ password }, { ...rules, codePasswordless: false }) > 0
}

const identifierField = (label: UiText): UiNode =>
  inputNode({ group: 'default', name: 'identifier', type: 'text', value: '', required: true, label })

const passwordField = (): UiNode =>
  inputNode({
    group: 'password',
    name: 'password',
    type: 'password',
    required: true,
    autocomplete: 'current-password',
    label: messages.labelPassword(),
  })

const button = (label: UiText): UiNode => methodNode('password', 'password', label)

const withoutPassword = (ui: Ui): Ui =>
  mapNodes(ui, (node) =>
    node.attributes.node_type === 'input' && node.attributes.name === 'password' ? withValue(node, undefined) : node,
  )
