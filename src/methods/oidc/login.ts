import type { Ui } from '../../flows/flow.ts'
import { withoutNodes } from '../../flows/form.ts'
import type { LoginMethod, LoginScreen } from '../../flows/login/method.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { messages } from '../../ui/messages.ts'
import { nodeId } from '../../ui/node.ts'
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
    const outcome = await begin(deps, 'login', { request, flow, fields })
    return outcome.kind === 'leave' ? { ...outcome, active: 'oidc' } : outcome
  },
})

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
