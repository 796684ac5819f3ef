import { errors } from '../errors.ts'
import { refusalOfHash } from '../crypto/hashers/index.ts'
import type { Secret } from '../crypto/secret.ts'
import { rfc3339, type Micros } from '../lib/clock.ts'
import type { Json } from '../lib/json.ts'
import type { Imports, SecurityKeyImport } from './body.ts'
import type { Credential, Credentials, CredentialType, IdentityWithCredentials } from './identity.ts'
import { changedCredential, withUserHandle } from './update.ts'

export type ImportDeps = { hashing: { hash(password: Secret): Promise<string> } }

/** Imports without passwords in clear, ready to become part of identities. */
export type PreparedImports = Omit<Imports, 'password'> & { password?: Record<string, Json> }

/** Whether a password in clear has to be hashed for these imports. */
export const holdsClearPassword = ({ password }: Imports): boolean => Boolean(password?.config?.password?.reveal())

/**
 * Checks what does not depend on the identity.
 * @throws errors.badRequest for a hash of no known format or beyond what comparing may cost
 */
export function checkImports({ password }: Imports): void {
  if (password === undefined || holdsClearPassword({ password }) || password.config?.use_password_migration_hook) return
  const refusal = password.config?.hashed_password
    ? refusalOfHash(password.config.hashed_password)
    : 'The password needs a hash, a clear text or the migration hook.'
  if (refusal !== undefined) throw errors.badRequest(refusal)
}

/**
 * Hashes a password in clear. No password policy applies: who imports knows what they do.
 * @throws errors.badRequest for a password that is too long to be hashed
 */
export async function prepareImports({ hashing }: ImportDeps, imports: Imports): Promise<PreparedImports> {
  checkImports(imports)
  const { password, ...others } = imports
  if (password === undefined) return others
  const { config: { password: clear, hashed_password: hash, use_password_migration_hook: migrates } = {} } = password
  // The hook beats a clear text, which beats a hash.
  if (migrates) return { ...others, password: { hashed_password: '', use_password_migration_hook: true } }
  return { ...others, password: { hashed_password: clear?.reveal() ? await hashing.hash(clear) : hash! } }
}

/**
 * The credentials of an identity together with imported ones. Links, codes and keys are added to those that are there;
 * passwords and TOTP are replaced.
 * @throws errors.badRequest for a new passkey without a handle or without keys
 */
export function withImports(identity: IdentityWithCredentials, imports: PreparedImports, now: Micros): Credentials {
  const credentials = { ...identity.credentials }
  const set = (type: CredentialType, version: number, identifiers: readonly string[], config: Record<string, Json>) => {
    const next = { type, version, identifiers: [...new Set(identifiers)], config }
    // The answer to a write names identifiers in the order in which they were given.
    credentials[type] = { ...changedCredential(credentials[type], next, now), identifiers: next.identifiers }
  }
  const old = (type: CredentialType): Pick<Credential, 'identifiers' | 'config'> =>
    credentials[type] ?? { identifiers: [], config: {} }

  if (imports.password) set('password', 1, old('password').identifiers, imports.password)
  if (imports.oidc) addLinks('oidc', imports.oidc.config?.providers ?? [])
  if (imports.saml) addLinks('saml', imports.saml.config?.providers ?? [])
  if (imports.totp) set('totp', 0, [identity.id], { totp_url: imports.totp.config?.totp_url ?? '' })
  if (imports.lookup_secret) {
    const codes = (imports.lookup_secret.config?.codes ?? []).map(({ code = '', used_at }) => ({
      code,
      used_at: used_at === undefined ? null : rfc3339(used_at),
    }))
    set('lookup_secret', 0, [identity.id], {
      recovery_codes: [...listOf(old('lookup_secret').config.recovery_codes), ...codes],
    })
  }
  if (imports.webauthn) {
    const { config: { credentials: keys = [], user_handle: handle } = {} } = imports.webauthn
    set(
      'webauthn',
      1,
      old('webauthn').identifiers,
      withUserHandle(identity.id, withKeys(old('webauthn').config, keys, handle)),
    )
  }
  if (imports.passkey) {
    const { config: { credentials: keys = [], user_handle: handle } = {} } = imports.passkey
    if (!credentials.passkey && (!handle || keys.length === 0))
      throw errors.badRequest('A passkey needs a user_handle and one key at least.')
    set(
      'passkey',
      0,
      [...old('passkey').identifiers, ...(handle ? [handleIdentifier(handle)] : [])],
      withKeys(old('passkey').config, keys, handle),
    )
  }
  return credentials

  function addLinks(type: 'oidc' | 'saml', links: readonly Link[]): void {
    const added = links.map(linkConfig)
    const names = added.map(linkIdentifier)
    const kept = listOf(old(type).config.providers).filter((p) => !names.includes(linkIdentifier(p)))
    const unique = added.filter((_, index) => names.lastIndexOf(names[index]!) === index)
    set(type, 0, [...old(type).identifiers, ...names], { providers: [...kept, ...unique] })
  }
}

type Link = { subject?: string; provider?: string; organization?: string; use_auto_link?: boolean }

const linkConfig = ({
  subject = '',
  provider = '',
  organization,
  use_auto_link: autoLink,
}: Link): { [key: string]: Json } => ({
  subject,
  provider,
  initial_id_token: '',
  initial_access_token: '',
  initial_refresh_token: '',
  ...(organization === undefined ? {} : { organization }),
  ...(autoLink ? { use_auto_link: true } : {}),
})

/** The identifier of a link to another provider's account: `provider:subject`. */
export const linkIdentifier = (provider: Json): string => {
  const { provider: name, subject } = provider as { provider?: Json; subject?: Json }
  return `${String(name ?? '')}:${String(subject ?? '')}`
}

function withKeys(
  config: Record<string, Json>,
  keys: readonly SecurityKeyImport[],
  handle: string | undefined,
): Record<string, Json> {
  const merged = new Map(listOf(config.credentials).map((key) => [(key as { id?: Json }).id, key]))
  for (const key of keys) merged.set(key.id ?? '', keyConfig(key))
  const userHandle = handle || config.user_handle
  return { credentials: [...merged.values()], ...(userHandle === undefined ? {} : { user_handle: userHandle }) }
}

const keyConfig = (key: SecurityKeyImport): { [key: string]: Json } => ({
  id: key.id ?? '',
  public_key: key.public_key ?? '',
  attestation_type: key.attestation_type ?? '',
  authenticator: {
    aaguid: key.authenticator?.aaguid ?? '',
    sign_count: key.authenticator?.sign_count ?? 0,
    clone_warning: key.authenticator?.clone_warning ?? false,
  },
  display_name: key.display_name ?? '',
  added_at: key.added_at === undefined ? '0001-01-01T00:00:00Z' : rfc3339(key.added_at),
  is_passwordless: key.is_passwordless ?? false,
  ...(key.flags
    ? {
        flags: {
          user_present: key.flags.user_present ?? false,
          user_verified: key.flags.user_verified ?? false,
          backup_eligible: key.flags.backup_eligible ?? false,
          backup_state: key.flags.backup_state ?? false,
        },
      }
    : {}),
  ...(key.transport && key.transport.length > 0 ? { transport: key.transport } : {}),
  ...(key.attestation ? { attestation: key.attestation } : {}),
})

/**
 * What a passkey's user handle is as an identifier: the text that its bytes are, or its Base64 where they are none, as a
 * database keeps no other bytes in texts.
 * @param handle in Base64
 */
export function handleIdentifier(handle: string): string {
  const bytes = Buffer.from(handle, 'base64')
  const written = bytes.toString('utf8')
  return !written.includes('\0') && Buffer.from(written).equals(bytes) ? written : handle
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
