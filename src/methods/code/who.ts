import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import type { Flow } from '../../flows/flow.ts'
import { spellingsOf } from '../../flows/login/identifier.ts'
import type { LoginFields, LoginScreen, LoginSubmission } from '../../flows/login/method.ts'
import { credentialTypes, type CredentialType, type IdentityWithCredentials } from '../../identities/identity.ts'
import { findIdentityByIdentifier, findIdentityWithCredentials } from '../../identities/store.ts'
import { codeAddressesOf, credentialAddresses, type CodeAddress } from './addresses.ts'

export type WhoDeps = {
  db: Db
  /** The spelling under which identifiers and addresses are stored. */
  normalise(identifier: string): string
}

export type CodeLoginSettings = {
  /** Codes are a way to sign in. */
  passwordless: boolean
  /** Codes are a second factor; never together with `passwordless`. */
  mfa: boolean
  /** Who keeps no address for codes may use those for verification, or the identifier. */
  fallback: boolean
  /** Who refreshes a session picks one of their addresses instead of typing an identifier. */
  choosesAddress: boolean
  /** Nobody may learn from a form who has an account. */
  mitigateEnumeration: boolean
}

/** Somebody to whom a code may be sent. */
export type Found = { identity: IdentityWithCredentials; all: CodeAddress[]; chosen: CodeAddress[] }

/** Whether a flow is about the second factor. */
export const isSecond = ({ requestedAal }: Pick<Flow, 'requestedAal'>): boolean => requestedAal === 'aal2'

/** Whom a submission is about, as forms show it. Letter case means nothing in addresses. */
export function identifierIn({ address, identifier }: LoginFields): string {
  const given = (address ?? identifier ?? '') as string
  return given.includes('@') ? given.toLowerCase() : given
}

/** Whoever an identifier leads to. In a refresh that is the owner of the session, or nobody. */
export async function firstFactorOf(
  deps: WhoDeps,
  settings: CodeLoginSettings,
  { flow, session, fields }: Pick<LoginSubmission, 'flow' | 'session' | 'fields'>,
  identifier: string,
): Promise<Found | undefined> {
  const found = await findByIdentifier(deps, settings, identifier)
  if (!found) return undefined
  if (flow.refresh && session && session.identityId !== found.identity.id) return undefined
  // A button for an address sends to that address, or not at all.
  const isButton = fields['address'] !== undefined
  return isButton && !found.chosen.some(({ address }) => isSpelling(deps, identifier, address)) ? undefined : found
}

const isSpelling = ({ normalise }: WhoDeps, text: string, address: string): boolean =>
  spellingsOf(text, normalise).includes(address)

async function findByIdentifier(
  { db, normalise }: WhoDeps,
  { fallback }: CodeLoginSettings,
  identifier: string,
): Promise<Found | undefined> {
  const spellings = spellingsOf(identifier, normalise)
  if (spellings.length === 0) return undefined
  const byCode = await findIdentityByIdentifier(db, ['code'], spellings)
  if (byCode && credentialAddresses(byCode).length > 0) return choose(byCode, credentialAddresses(byCode), spellings)
  const identity = fallback ? await findIdentityByIdentifier(db, typesWithAddresses, spellings) : undefined
  if (!identity) return undefined
  const own = codeAddressesOf(identity, { fallback })
  if (own.some(({ address }) => spellings.includes(address))) return choose(identity, own, spellings)
  // compat: without an address for codes the identifier itself is one – selfservice/strategy/code/strategy_login.go
  const address = normalise(identifier)
  return address.includes('@') ? choose(identity, [...own, { via: 'email', address }], spellings) : undefined
}

/** The types whose identifiers are what people call themselves, and not something between two machines. */
const typesWithAddresses: readonly CredentialType[] = credentialTypes.filter(
  (type) => type !== 'oidc' && type !== 'saml',
)

/** An identifier that is one of the addresses means that one; any other means all of them. */
function choose(identity: IdentityWithCredentials, all: CodeAddress[], spellings: readonly string[]): Found {
  const exact = all.filter(({ address }) => spellings.includes(address))
  return { identity, all, chosen: exact.length > 0 ? exact : all }
}

/** The person of the session, if the address that they chose is theirs. */
export async function ownAddress(
  deps: WhoDeps,
  settings: CodeLoginSettings,
  submission: LoginSubmission,
  identifier: string,
): Promise<Found | undefined> {
  const own = await ownerOf(deps, settings, submission)
  const chosen = own?.all.filter(({ address }) => isSpelling(deps, identifier, address)) ?? []
  return own && chosen.length > 0 ? { ...own, chosen } : undefined
}

export async function ownerOf(
  { db }: WhoDeps,
  settings: CodeLoginSettings,
  { session }: Pick<LoginSubmission, 'session'>,
): Promise<Found | undefined> {
  const identity = session && (await findIdentityWithCredentials(db, session.identityId))
  if (!identity) return undefined
  const all = codeAddressesOf(identity, settings)
  return { identity, all, chosen: all }
}

/**
 * The addresses that somebody may choose from for the second factor.
 * @throws errors.badRequest when `via` does not name one of them
 */
export function offeredAddresses(
  normalise: WhoDeps['normalise'],
  settings: CodeLoginSettings,
  { identity, via }: Extract<LoginScreen, { kind: 'second_factor' }>,
): CodeAddress[] {
  const addresses = codeAddressesOf(identity, settings)
  if (!via) return addresses
  const value = via
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      identity.traits.value,
    )
  if (value === undefined || value === null || value === '')
    throw errors.badRequest('The parameter via does not name a trait that you have.')
  const spellings = typeof value === 'string' ? spellingsOf(value, normalise) : []
  const wanted = addresses.filter(({ address }) => spellings.includes(address))
  if (wanted.length === 0) throw errors.badRequest('What the parameter via names is no address for codes.')
  return wanted
}
