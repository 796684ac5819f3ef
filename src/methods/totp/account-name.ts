import type { Identity } from '../../identities/identity.ts'
import { asText } from '../../identities/schema/derive.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'

/** What an app shows beside its codes: of the traits that are marked for it the last one, else the identity's id. */
export function accountNameOf(schema: IdentitySchema, { id, traits }: Pick<Identity, 'id' | 'traits'>): string {
  const marked = schema.hitsOf(traits).findLast(({ extension }) => extension.totpAccountName)
  return (marked && asText(marked.value)) || id
}
