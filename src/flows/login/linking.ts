import { ApiError, errors } from '../../errors.ts'
import type { Statement } from '../../db/db.ts'
import type { CredentialType, IdentityWithCredentials } from '../../identities/identity.ts'
import { linkIdentifier } from '../../identities/import.ts'
import { updateIdentity } from '../../identities/store.ts'
import { changedCredential } from '../../identities/update.ts'
import type { Request } from '../../http/types.ts'
import type { Micros } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'
import type { CompletedFactor } from '../../sessions/issue.ts'
import { messages } from '../../ui/messages.ts'
import { asHidden, isInput, nodeId, nodeValue, withValue, type UiNode } from '../../ui/node.ts'
import type { Flow, Ui } from '../flow.ts'
import { mapNodes, withMessages, withoutNodes } from '../form.ts'
import type { LoginDeps } from './deps.ts'
import { openFlow } from './start.ts'

// Somebody comes from a provider with an address that belongs to an account. The account's owner signs in by other means
// first; then the provider is added to what they sign in with.

/** An account at a provider that waits for its person to show whose it is. The links are as they are stored. */
export type WaitingLink = {
  links: readonly { [key: string]: Json }[]
  /** The identifier or address that is taken. */
  duplicateIdentifier: string
}

const key = 'registration_duplicate_credentials'

/** What a flow waits to link, if it does. */
export function waitingLink({ internal }: Pick<Flow, 'internal'>): WaitingLink | undefined {
  const stored = internal[key]
  if (!isObject(stored)) return undefined
  const { CredentialsConfig: config, DuplicateIdentifier: duplicateIdentifier } = stored as Record<string, Json>
  const links =
    isObject(config) && Array.isArray(config['providers']) ? (config['providers'] as WaitingLink['links']) : []
  return { links, duplicateIdentifier: String(duplicateIdentifier) }
}

const memoryOf = ({ links, duplicateIdentifier }: WaitingLink): Flow['internal'] => ({
  [key]: {
    CredentialsType: 'oidc',
    CredentialsConfig: { providers: [...links] },
    DuplicateIdentifier: duplicateIdentifier,
  },
})

/** Whoever signed in is not the owner of the address in question. */
export class LinkRefused extends ApiError {}

/**
 * Adds what waits to an identity whose owner has signed in.
 * @throws LinkRefused (400) when the identity does not own the identifier in question
 */
export function linkOnto(
  identity: IdentityWithCredentials,
  { links, duplicateIdentifier }: WaitingLink,
  now: Micros,
): { factor: CompletedFactor; statements: Statement[] } {
  if (!owns(identity, duplicateIdentifier)) throw new LinkRefused(errors.badRequest().body)
  const old = identity.credentials.oidc
  const before = (Array.isArray(old?.config['providers']) ? old.config['providers'] : []) as WaitingLink['links']
  const known = new Set(before.map((link) => linkIdentifier(link)))
  const providers = [...before, ...links.filter((link) => !known.has(linkIdentifier(link)))]
  const oidc = changedCredential(
    old,
    { type: 'oidc', identifiers: providers.map((link) => linkIdentifier(link)), config: { providers }, version: 0 },
    now,
  )
  const after = { ...identity, credentials: { ...identity.credentials, oidc }, updatedAt: now }
  const { provider, organization } = links[0] ?? {}
  return {
    factor: {
      method: 'oidc',
      aal: 'aal1',
      ...(typeof provider === 'string' ? { provider } : {}),
      ...(typeof organization === 'string' ? { organization } : {}),
    },
    statements: updateIdentity(identity, after, { unchangedSince: identity.updatedAt }),
  }
}

function owns({ credentials, verifiableAddresses, recoveryAddresses }: IdentityWithCredentials, identifier: string) {
  const addresses = [...verifiableAddresses, ...recoveryAddresses].map(({ value }) => value)
  return [...Object.values(credentials).flatMap(({ identifiers }) => identifiers), ...addresses].includes(identifier)
}

export type Linking = {
  /** Where the person comes from. */
  from: Pick<Flow, 'type' | 'requestUrl' | 'identitySchema'>
  link: WaitingLink
  /** The provider just used, and how it is called. */
  provider: { id: string; label: string }
  /** How the owner of the identifier signs in; undefined where nobody is told. */
  ways: { types: readonly CredentialType[]; providers: readonly string[] } | undefined
}

/** A login flow at whose end the account at the provider is linked. Not stored yet. */
export async function openLinkingFlow(
  deps: LoginDeps,
  request: Request,
  { from, link, provider, ways }: Linking,
): Promise<Flow> {
  const { settings } = deps
  const unified = { ...deps, settings: { ...settings, style: 'unified' as const } }
  const { flow } = await openFlow(unified, request, {
    type: from.type,
    requestUrl: from.requestUrl,
    aal: 'aal1',
    refresh: false,
    organizationId: null,
    identitySchema: from.identitySchema,
    via: undefined,
    current: undefined,
  })
  const context = {
    duplicateIdentifier: link.duplicateIdentifier,
    duplicate_identifier: link.duplicateIdentifier,
    provider: provider.label,
    newLoginUrl: settings.uiUrl,
    new_login_url: settings.uiUrl,
    available_credential_types: [...(ways?.types ?? [])],
    available_providers: [...(ways?.providers ?? [])],
  }
  const ui = waysToConfirm(flow.ui, { provider, ways })
  return {
    ...flow,
    active: 'oidc',
    internal: { ...flow.internal, ...memoryOf(link) },
    ui: withMessages(withIdentifier(ui, link.duplicateIdentifier), [messages.linkPrompt(context)]),
  }
}

function waysToConfirm(ui: Ui, { provider, ways }: Pick<Linking, 'provider' | 'ways'>): Ui {
  const drop = (node: UiNode): boolean => {
    if (!node.meta.label || node.group === 'default') return false
    const id = nodeId(node) === 'provider' ? String(nodeValue(node)) : undefined
    if (id === provider.id) return true
    if (!ways) return false
    return id === undefined
      ? !(ways.types as readonly string[]).includes(node.group)
      : !(ways.types.includes('oidc') && ways.providers.includes(id))
  }
  return mapNodes(withoutNodes(ui, drop), relabelled)
}

function relabelled(node: UiNode): UiNode {
  switch (node.meta.label?.id) {
    case messages.loginRefreshButton.id:
      return { ...node, meta: { label: messages.linkConfirm() } }
    case messages.loginWithProvider.id: {
      const name = node.meta.label.context?.['provider']
      return { ...node, meta: { label: messages.linkConfirmWithProvider({ provider: String(name) }) } }
    }
    default:
      return node
  }
}

const withIdentifier = (ui: Ui, identifier: string): Ui =>
  mapNodes(ui, (node) =>
    isInput(node) && nodeId(node) === 'identifier' ? asHidden(withValue(node, identifier)) : node,
  )
