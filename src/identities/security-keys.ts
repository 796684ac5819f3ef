import type { KeyFlags, NewKey } from '../crypto/webauthn.ts'
import { isObject, type Json } from '../lib/json.ts'
import { parseRfc3339, rfc3339, microsPerSecond, type Micros } from '../lib/clock.ts'
import type { Credential } from './identity.ts'

/** A security key or passkey as an identity holds it. */
export type SecurityKey = {
  id: Buffer
  /** COSE. */
  publicKey: Buffer
  displayName: string
  addedAt: Micros
  /** A first factor; otherwise a second one. */
  isPasswordless: boolean
  signCount: number
  /** Undefined in old records. */
  flags: KeyFlags | undefined
  transports: string[]
}

type Config = Record<string, Json>
type Members = { [key: string]: Json }

/** The keys of a credential. Members that old records lack are empty or false. */
export const securityKeysOf = (credential: Pick<Credential, 'config'> | undefined): SecurityKey[] =>
  credential === undefined ? [] : membersOf(credential.config).map(readKey)

const membersOf = ({ credentials }: Config): Members[] =>
  (Array.isArray(credentials) ? credentials : []).filter((key): key is Members => isObject(key))

const readKey = (key: Members): SecurityKey => ({
  id: bytesOf(key.id),
  publicKey: bytesOf(key.public_key),
  displayName: typeof key.display_name === 'string' ? key.display_name : '',
  addedAt: parseRfc3339(typeof key.added_at === 'string' ? key.added_at : '') ?? 0,
  isPasswordless: key.is_passwordless === true,
  signCount: numberOf(isObject(key.authenticator) ? key.authenticator.sign_count : 0),
  flags: isObject(key.flags)
    ? {
        userPresent: key.flags.user_present === true,
        userVerified: key.flags.user_verified === true,
        backupEligible: key.flags.backup_eligible === true,
        backupState: key.flags.backup_state === true,
      }
    : undefined,
  transports: Array.isArray(key.transport) ? key.transport.filter((t) => typeof t === 'string') : [],
})

const bytesOf = (value: Json | undefined): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'base64')
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** How a form names a key. */
export const hexId = ({ id }: Pick<SecurityKey, 'id'>): string => id.toString('hex')

/** The handle under which authenticators know the person; undefined when the record has none that one could hold. */
export function userHandleOf(credential: Pick<Credential, 'config'> | undefined): Buffer | undefined {
  const handle = bytesOf(credential?.config.user_handle)
  return handle.length > 0 && handle.length <= 64 ? handle : undefined
}

/** The bytes of an identity's id: the handle of people who were given no other. */
export const idHandle = (identityId: string): Buffer => Buffer.from(identityId.replaceAll('-', ''), 'hex')

/** A configuration with one key more. `addedAt` is kept to the second. */
export const withKey = (
  config: Config,
  key: NewKey,
  { displayName, isPasswordless, addedAt }: { displayName: string; isPasswordless: boolean; addedAt: Micros },
): Config => ({
  ...config,
  credentials: [
    ...membersOf(config),
    {
      id: key.id.toString('base64'),
      public_key: key.publicKey.toString('base64'),
      attestation_type: key.format,
      authenticator: { aaguid: key.aaguid.toString('base64'), sign_count: key.signCount, clone_warning: false },
      display_name: displayName,
      added_at: rfc3339(Math.floor(addedAt / microsPerSecond) * microsPerSecond),
      is_passwordless: isPasswordless,
      flags: flagMembers(key.flags),
      ...(key.transports.length === 0 ? {} : { transport: key.transports }),
    },
  ],
})

const flagMembers = (flags: KeyFlags): Members => ({
  user_present: flags.userPresent,
  user_verified: flags.userVerified,
  backup_eligible: flags.backupEligible,
  backup_state: flags.backupState,
})

/** A configuration without a key; undefined when it was the last one. */
export function withoutKey(config: Config, { id }: Pick<SecurityKey, 'id'>): Config | undefined {
  const credentials = membersOf(config).filter((key) => !bytesOf(key.id).equals(id))
  return credentials.length === 0 ? undefined : { ...config, credentials }
}

/**
 * A configuration after a key was used. The counter only moves up; one that does not move, unless the authenticator does not
 * count at all, marks the key for good: it may exist twice.
 */
export const withKeyUsed = (
  config: Config,
  { id }: Pick<SecurityKey, 'id'>,
  { signCount, flags }: { signCount: number; flags: KeyFlags },
): Config => ({
  ...config,
  credentials: membersOf(config).map((key) => {
    if (!bytesOf(key.id).equals(id)) return key
    const authenticator: Members = isObject(key.authenticator) ? key.authenticator : {}
    const before = numberOf(authenticator.sign_count)
    const stands = signCount <= before && (signCount > 0 || before > 0)
    return {
      ...key,
      authenticator: {
        ...authenticator,
        sign_count: Math.max(before, signCount),
        clone_warning: authenticator.clone_warning === true || stands,
      },
      flags: isObject(key.flags) ? { ...key.flags, backup_state: flags.backupState } : flagMembers(flags),
    }
  }),
})
