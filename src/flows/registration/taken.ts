import type { Db } from '../../db/db.ts'
import { credentialsOf, type CredentialType, type IdentityWithCredentials } from '../../identities/identity.ts'
import { findIdentityByIdentifier } from '../../identities/store.ts'
import { usableFirstFactors, type FactorRules } from '../../sessions/assurance.ts'
import { messages } from '../../ui/messages.ts'
import type { Problem } from '../form.ts'
import type { RegistrationDeps } from './deps.ts'
import { findIdentityByAddress } from './store.ts'

/** What someone is told whose identifier or address belongs to another identity already. */
export async function problemOfTaken(
  { db, rules, loginHints }: Pick<RegistrationDeps, 'db' | 'rules' | 'loginHints'>,
  identity: IdentityWithCredentials,
): Promise<Problem> {
  const found = loginHints ? await findOwner(db, identity) : undefined
  if (!found) return { node: undefined, message: messages.identifierTaken() }
  const types = usableTypes(found.owner, rules)
  return {
    node: undefined,
    message: messages.identifierTakenWithHints({
      available_credential_types: types,
      available_oidc_providers: types.includes('oidc') ? providersOf(found.owner) : [],
      credential_identifier_hint: found.identifier,
    }),
  }
}

const firstFactors = new Set<CredentialType>(['password', 'code', 'oidc', 'webauthn', 'passkey'])

export function usableTypes({ credentials }: IdentityWithCredentials, rules: FactorRules): CredentialType[] {
  const byCode: CredentialType[] =
    rules.codePasswordless && (credentials.code?.identifiers.length ?? 0) > 0 ? ['code'] : []
  return [...new Set([...usableFirstFactors(credentials, rules), ...byCode])]
    .filter((type) => firstFactors.has(type))
    .toSorted()
}

/** The providers that an identity is linked to, but for those of organizations. */
export function providersOf({ credentials }: IdentityWithCredentials): string[] {
  const linked = (credentials.oidc?.config.providers ?? []) as { provider: string; organization?: string }[]
  return [...new Set(linked.filter((p) => !p.organization).map((p) => p.provider))].toSorted()
}

/** Whose identifier or address the new identity wants, and what it is: credentials first, then addresses. */
export async function findOwner(
  db: Db,
  identity: IdentityWithCredentials,
): Promise<{ owner: IdentityWithCredentials; identifier: string } | undefined> {
  for (const { type, identifiers } of credentialsOf(identity).toSorted((a, b) => (a.type < b.type ? -1 : 1))) {
    const owner = identifiers.length === 0 ? undefined : await findIdentityByIdentifier(db, [type], identifiers)
    // The subject at a provider tells nobody anything.
    if (owner)
      return {
        owner,
        identifier:
          type === 'oidc' ? '' : (identifiers.find((i) => owner.credentials[type]?.identifiers.includes(i)) ?? ''),
      }
  }
  for (const kind of ['verifiable', 'recovery'] as const) {
    for (const { via, value } of kind === 'verifiable' ? identity.verifiableAddresses : identity.recoveryAddresses) {
      const owner = await findIdentityByAddress(db, kind, { via, value })
      if (owner) return { owner, identifier: value }
    }
  }
  return undefined
}
