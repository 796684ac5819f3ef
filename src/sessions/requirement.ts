import type { Db } from '../db/db.ts'
import type { Aal, Identity } from '../identities/identity.ts'
import { findIdentityWithCredentials } from '../identities/store.ts'
import { atLeast, availableAal, type FactorRules } from './assurance.ts'
import type { Session } from './session.ts'

/** `highest_available`: as much as the person's credentials allow. */
export type RequiredAal = 'aal1' | 'highest_available'

export type RequirementDeps = { db: Db; rules: FactorRules }

/** Whether a session has the assurance level that is asked for. Looks into the credentials only where it has to. */
export async function meetsRequirement(
  { db, rules }: RequirementDeps,
  required: RequiredAal,
  session: Pick<Session, 'aal'>,
  identity: Pick<Identity, 'id' | 'availableAal'>,
): Promise<boolean> {
  const known = meetsByWhatIsKnown(rules, required, session.aal, identity.availableAal)
  if (known !== undefined) return known
  const current = await findIdentityWithCredentials(db, identity.id)
  return current === undefined || availableAal(current.credentials, rules) !== 'aal2'
}

/**
 * The same without the credentials; undefined when they have to be asked. What was computed at the last write of an
 * identity still holds, unless the configuration could have added a factor since: codes as a second one.
 */
export function meetsByWhatIsKnown(
  { codeMfa }: Pick<FactorRules, 'codeMfa'>,
  required: RequiredAal,
  sessionAal: Aal,
  available: Aal | null,
): boolean | undefined {
  if (required === 'aal1') return atLeast(sessionAal, 'aal1')
  if (sessionAal === 'aal2') return true
  if (available === 'aal2') return false
  return available === null || codeMfa ? undefined : true
}
