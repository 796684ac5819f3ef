import { errors } from '../../errors.ts'
import { csrfError } from '../../http/csrf.ts'
import type { Request } from '../../http/types.ts'
import type { BodyField } from '../../flows/decode.ts'
import type { Flow } from '../../flows/flow.ts'
import { done, retry, type Outcome } from '../../flows/outcome.ts'
import type { SettingsMethod, SettingsResult } from '../../flows/settings/method.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Micros } from '../../lib/clock.ts'
import { countFirstFactors, type FactorRules } from '../../sessions/assurance.ts'
import { isPrivileged, type Session } from '../../sessions/session.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { inputNode, type UiNode } from '../../ui/node.ts'
import { depart } from './attempt.ts'
import { factorOf, linksOf, newLink, withLinks } from './credential.ts'
import { findProvider, labelOf, type OidcDeps } from './deps.ts'
import { upstreamParameters } from './oauth2.ts'
import type { Arrival, Provider } from './provider.ts'

export type OidcSettingsDeps = OidcDeps & { rules: FactorRules; privilegedAgeMicros: Micros }

const fields: readonly BodyField[] = [
  { name: 'link', type: 'string' },
  { name: 'unlink', type: 'string' },
  { name: 'upstream_parameters', type: 'object' },
  ...upstreamParameters.map((name): BodyField => ({ name: `upstream_parameters.${name}`, type: 'string' })),
]

const textIn = (values: Readonly<Record<string, unknown>>, name: string): string =>
  typeof values[name] === 'string' ? values[name] : ''

/** Connects the signed-in identity with accounts at providers, and takes connections away. */
export const oidcSettings = (deps: OidcSettingsDeps): SettingsMethod => ({
  name: 'oidc',
  enabled: deps.enabled,
  fields,
  allowsGet: true,
  mergesQuery: true,
  unprotected: true,
  claims: (submitted) => textIn(submitted, 'link') !== '' || textIn(submitted, 'unlink') !== '',
  draw: ({ identity }) => ({ nodes: nodesFor(deps, identity) }),
  async submit(submission) {
    const { fields: submitted, flow, identity, jar, now, request, resumed, session } = submission
    const [link, unlink] = [textIn(submitted, 'link'), textIn(submitted, 'unlink')]
    if (link !== '' && unlink !== '') return refused('Connect or disconnect: not both at once.')
    if (unlink !== '') {
      if (!resumed) refuseForeign(deps, request)
      return unlinked(deps, unlink, { flow, identity, session, now })
    }
    const reason = whyNotLinkable(deps, link, { flow, identity })
    if (reason !== undefined) return refused(reason)
    if (!isPrivileged(session, deps.privilegedAgeMicros, now)) return { kind: 'refresh' }
    return depart(deps, { request, flow, kind: 'settings', providerId: link, fields: submitted, jar })
  },
})

const refused = (reason: string) => retry([{ node: undefined, message: messages.generic({ reason }) }])

// compat: there is no cross-site token here. But no other site may take a connection away by a link; browsers say where a request comes from.
function refuseForeign({ flows }: OidcDeps, request: Request): void {
  if (request.headers['sec-fetch-site'] === 'cross-site')
    throw csrfError(request, flows().settings.crossSite.csrf, { inForm: false })
}

function nodesFor({ providers, rules }: OidcSettingsDeps, identity: IdentityWithCredentials): UiNode[] {
  const linked = new Set(linksOf(identity).map(({ provider }) => provider))
  const mayUnlink = countFirstFactors(identity.credentials, rules) > 1
  return providers
    .filter(({ config }) => !config.organization_id)
    .flatMap((provider) => {
      if (!linked.has(provider.config.id)) return [button('link', provider, messages.settingsLink)]
      return mayUnlink ? [button('unlink', provider, messages.settingsUnlink)] : []
    })
    .toSorted((a, b) => (a.attributes.node_type === b.attributes.node_type ? order(a) - order(b) : 0))
}

/** What can be connected comes before what is. */
const order = ({ attributes }: UiNode): number =>
  attributes.node_type === 'input' && attributes.name === 'unlink' ? 1 : 0

const button = (name: 'link' | 'unlink', provider: Provider, label: (context: { provider: string }) => UiText) =>
  inputNode({
    group: 'oidc',
    name,
    type: 'submit',
    value: provider.config.id,
    label: label({ provider: labelOf(provider) }),
  })

type Person = { flow: Flow; identity: IdentityWithCredentials }

function whyNotLinkable(deps: OidcDeps, id: string, { flow, identity }: Person): string | undefined {
  const provider = findProvider(deps, id)
  if (!provider) return 'There is no provider of that name here.'
  if ((provider.config.organization_id ?? null) !== flow.organizationId)
    return 'This provider belongs to another organization.'
  if (linksOf(identity).some((link) => link.provider === id)) return 'You are connected with this provider already.'
  return undefined
}

function unlinked(
  { providers, rules, privilegedAgeMicros }: OidcSettingsDeps,
  id: string,
  { flow, identity, session, now }: Person & { session: Session; now: Micros },
): Outcome<SettingsResult> {
  if (flow.organizationId !== null) return refused('Connections of an organization are its own affair.')
  if (!isPrivileged(session, privilegedAgeMicros, now)) return { kind: 'refresh' }
  if (!identity.credentials.oidc) throw errors.notFound('You are not connected with any provider.')
  if (countFirstFactors(identity.credentials, rules) < 2)
    return refused('This is the last way in which you can sign in. Set up another one first.')
  const links = linksOf(identity)
  const kept = links.filter(({ provider }) => provider !== id)
  // compat: a connection with a provider that is no longer configured stays – selfservice/strategy/oidc/strategy_settings.go
  if (kept.length === links.length || !findProvider({ providers }, id))
    return refused('You are not connected with this provider.')
  return done({ identity: withLinks(identity, kept, now) })
}

/** What becomes of somebody who comes back from the provider that they want to be connected with. */
export function linked(
  deps: OidcSettingsDeps,
  provider: Provider,
  { claims, tokens }: Arrival,
  { flow, identity, session, now }: Person & { session: Session; now: Micros },
): Outcome<SettingsResult> {
  const { config } = provider
  if (!isPrivileged(session, deps.privilegedAgeMicros, now)) return { kind: 'refresh' }
  const reason = whyNotLinkable(deps, config.id, { flow, identity })
  if (reason !== undefined) return refused(reason)
  return done({
    identity: withLinks(identity, [...linksOf(identity), newLink(deps, config, claims, tokens)], now),
    factor: factorOf(config, claims),
    active: 'oidc',
  })
}
