import type { BeginningMethod } from '../../flows/registration/method.ts'
import { messages } from '../../ui/messages.ts'
import type { OidcDeps } from './deps.ts'
import { providerNodes } from './forms.ts'
import { begin, isStart, startFields } from './start.ts'

/** Somebody new comes by way of a provider. */
export const oidcRegistration = (deps: OidcDeps): BeginningMethod => ({
  name: 'oidc',
  enabled: deps.enabled,
  fields: startFields,
  claims: isStart,
  nodes: () => providerNodes(deps.providers, messages.registrationWithProvider),
  begin: ({ request, flow, fields }) => begin(deps, 'registration', { request, flow, fields }),
})
