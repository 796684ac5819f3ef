import type { Db } from '../db/db.ts'
import { errors } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Json } from '../lib/json.ts'
import { availableAal, countFirstFactors, type FactorRules } from '../sessions/assurance.ts'
import { changeIdentity } from './change.ts'
import type { Credential, Credentials, IdentityWithCredentials } from './identity.ts'
import { linkIdentifier } from './import.ts'
import { changedCredential, withUserHandle } from './update.ts'

export type DeleteDeps = { db: Db; clock: Clock; rules: FactorRules }

type Removal = {
  identity: IdentityWithCredentials
  credential: Credential
  identifier: string | null
  rules: FactorRules
}

/**
 * Takes a credential, or one link or key of it, away from an identity. The last way in stays.
 * @param identifier which link or key, where there are several
 * @throws errors.notFound, errors.badRequest
 */
export async function deleteCredential(
  { db, clock, rules }: DeleteDeps,
  id: string,
  type: string,
  identifier: string | null,
): Promise<void> {
  if (type === 'deviceauthn' && !identifier) throw errors.badRequest('The identifier of the key is needed.')
  await changeIdentity({ db }, id, (before) => {
    const credential = Object.values(before.credentials).find((c) => c.type === type)
    if (!credential)
      throw type === 'deviceauthn'
        ? errors.notFound()
        : errors.notFound(`The identity has no credential of the type ${JSON.stringify(type.slice(0, 100))}.`)
    const left = withoutPart({ identity: before, credential, identifier, rules })
    const now = clock.now()
    const { [credential.type]: _, ...others } = before.credentials
    const credentials: Credentials = left
      ? { ...others, [credential.type]: changedCredential(credential, { ...credential, ...left }, now) }
      : others
    return { ...before, credentials, availableAal: availableAal(credentials, rules), updatedAt: now }
  })
}

type Left = Partial<Pick<Credential, 'identifiers' | 'config'>> | undefined

/** What is left of a credential; undefined: nothing. */
function withoutPart(removal: Removal): Left {
  const { credential } = removal
  switch (credential.type) {
    case 'totp':
    case 'lookup_secret':
      return undefined
    case 'password':
      checkOtherWaysIn(removal)
      // The identifiers stay reserved.
      return { config: {} }
    case 'oidc':
    case 'saml':
      return withoutLink(removal)
    case 'webauthn':
      return withoutSecondFactorKeys(removal)
    case 'deviceauthn':
      return withoutDeviceKey(removal)
    case 'code':
    case 'passkey':
    case 'link_recovery':
    case 'code_recovery':
      throw errors.badRequest(`A credential of the type "${credential.type}" cannot be deleted.`)
  }
}

function checkOtherWaysIn({ identity, rules }: Removal): void {
  if (countFirstFactors(identity.credentials, rules) < 2)
    throw errors.badRequest('This is the last way in for this identity, so it has to stay.')
}

function withoutLink(removal: Removal): Left {
  const { credential, identifier } = removal
  checkOtherWaysIn(removal)
  if (!identifier)
    throw errors.badRequest('The identifier of the link is needed: the provider, a colon and the subject.')
  const providers = listOf(credential.config.providers)
  const kept = providers.filter((provider) => linkIdentifier(provider) !== identifier)
  if (kept.length === providers.length) throw errors.notFound('The identity has no such link.')
  return {
    identifiers: credential.identifiers.filter((i) => i !== identifier),
    config: { ...credential.config, providers: kept },
  }
}

/** Keys that open the account without anything else are first factors; they stay. */
function withoutSecondFactorKeys({ identity, credential: { config, identifiers } }: Removal): Left {
  const kept = listOf(config.credentials).filter((key) => (key as { is_passwordless?: Json }).is_passwordless === true)
  if (kept.length > 0) return { config: { ...config, credentials: kept } }
  // With identifiers the schema asks for the credential, so an empty one takes its place.
  return identifiers.length === 0 ? undefined : { config: withUserHandle(identity.id, {}) }
}

function withoutDeviceKey({ credential, identifier }: Removal): Left {
  const keys = listOf(credential.config.credentials)
  const kept = keys.filter((key) => (key as { client_key_id?: Json }).client_key_id !== identifier)
  if (kept.length === keys.length) throw errors.notFound()
  return {
    identifiers: credential.identifiers.filter((i) => i !== identifier),
    config: { ...credential.config, credentials: kept },
  }
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
