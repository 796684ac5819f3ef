import { equalInConstantTime } from '../../crypto/tokens.ts'
import { errors } from '../../errors.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { findNode, withoutNodes } from '../../flows/form.ts'
import type { LoginFields, LoginMethod, LoginScreen } from '../../flows/login/method.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { messages } from '../../ui/messages.ts'
import { nodeId, nodeValue } from '../../ui/node.ts'
import { depart } from './attempt.ts'
import { linksOf } from './credential.ts'
import type { OidcDeps } from './deps.ts'
import { providerNodes, withProviders } from './forms.ts'
import { begin, isStart, startFields } from './start.ts'

/** Signs somebody in whom a provider knows. */
export const oidcLogin = (deps: OidcDeps): LoginMethod => ({
  name: 'oidc',
  enabled: deps.enabled,
  readsTraits: true,
  unprotected: true,
  takesTests: true,
  body: {
    fields: [
      { name: 'method', type: 'string' },
      { name: 'csrf_token', type: 'string' },
      { name: 'transient_payload', type: 'object' },
      ...startFields,
    ],
    allowGet: true,
    mergesQuery: true,
    toleratesTraits: true,
  },
  claims: (claim, { requestedAal }) => requestedAal !== 'aal2' && isStart(claim),
  draw: (ui, screen) => draw(deps, ui, screen),
  keep: (ui) => ui,
  async submit({ flow, fields, request }) {
    if (flow.testContext) checkTestStart(flow, fields)
    const outcome = flow.testContext
      ? await depart(deps, { request, flow, kind: 'login', providerId: flow.testContext.provider_id, fields })
      : await begin(deps, 'login', { request, flow, fields })
    return outcome.kind === 'leave' ? { ...outcome, active: 'oidc' } : outcome
  },
})

/**
 * A test begins with the token that stands in its form: the browser that sends it need not have been here before.
 * @throws errors.csrf; errors.badRequest for another provider, or something that would be a sign-in
 */
function checkTestStart({ testContext, ui }: Flow, fields: LoginFields): void {
  const node = findNode(ui, 'csrf_token')
  const [wanted, sent] = [node && nodeValue(node), fields['csrf_token']]
  if (typeof wanted !== 'string' || typeof sent !== 'string' || !equalInConstantTime(sent, wanted))
    throw errors.csrf({ reject_reason: 'The token is not the one in the form of this test.' })
  if (fields['provider'] !== testContext?.provider_id) throw errors.badRequest('This test is about another provider.')
}

function draw({ providers }: OidcDeps, ui: Ui, screen: LoginScreen): Ui {
  const nodesOf = (some: typeof providers) => providerNodes(some, messages.loginWithProvider)
  switch (screen.kind) {
    case 'first_factor':
    case 'identification':
      return withProviders(ui, nodesOf(providers))
    case 'refresh':
      return withProviders(ui, nodesOf(linkedOf(screen.identity, providers)))
    case 'identified': {
      if (screen.mitigate || !screen.identity) return ui
      const linked = linkedOf(screen.identity, providers)
      return (ui.nodes ?? []).some(isProvider) ? withProviders(withoutNodes(ui, isProvider), nodesOf(linked)) : ui
    }
    case 'second_factor':
      return ui
  }
}

const isProvider = (node: Parameters<typeof nodeId>[0]): boolean => nodeId(node) === 'provider'

function linkedOf(identity: IdentityWithCredentials, providers: OidcDeps['providers']): OidcDeps['providers'] {
  const linked = new Set(linksOf(identity).map(({ provider }) => provider))
  return providers.filter(({ config }) => linked.has(config.id))
}
