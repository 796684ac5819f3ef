import type { Db } from '../../db/db.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { userHandleOf } from '../../identities/security-keys.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'

const byHandle = {
  sqlite: `select identity_id from identity_credentials
            where type = 'webauthn' and json_extract(config, '$.user_handle') = $1 order by identity_id limit 10`,
  postgres: `select identity_id from identity_credentials
              where type = 'webauthn' and substring(config from '"user_handle":"([^"]*)"') = $1 order by identity_id limit 10`,
}

/** The identity whose security keys were made for a user handle, for keys that are older than passkeys. */
export async function findIdentityByKeyHandle(db: Db, handle: Buffer): Promise<IdentityWithCredentials | undefined> {
  const rows = await db.query<{ identity_id: string }>(byHandle[db.dialect], [handle.toString('base64')])
  for (const { identity_id } of rows) {
    const identity = await findIdentityWithCredentials(db, identity_id)
    if (identity && userHandleOf(identity.credentials.webauthn)?.equals(handle)) return identity
  }
  return undefined
}
