import type { Flow, Ui } from '../../flows/flow.ts'
import { returnToOf } from '../../flows/flow.ts'
import { withProblems, withNodes, type Problem } from '../../flows/form.ts'
import { sorted } from '../../flows/registration/screens.ts'
import { show } from '../../flows/registration/submit.ts'
import { traitNodes, withTraitValues } from '../../flows/trait-nodes.ts'
import { redirect } from '../../http/respond.ts'
import { withQuery } from '../../http/urls.ts'
import type { Request, Response } from '../../http/types.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { Json } from '../../lib/json.ts'
import { answerExchange } from '../../sessions/exchange/exchange.ts'
import { messages } from '../../ui/messages.ts'
import { csrfNode, inputNode, type UiNode } from '../../ui/node.ts'
import type { UiText } from '../../ui/messages.ts'
import type { Arriving } from './arrive.ts'
import { labelOf, type OidcDeps } from './deps.ts'
import type { Provider } from './provider.ts'

/** The button that leads to a provider. */
export const providerNode = (id: string, label: UiText): UiNode =>
  inputNode({ group: 'oidc', name: 'provider', type: 'submit', value: id, label })

/** A button for each provider that everybody may use. */
export const providerNodes = (
  providers: readonly Provider[],
  label: (context: { provider: string; provider_id: string }) => UiText,
): UiNode[] =>
  providers
    .filter(({ config }) => !config.organization_id)
    .map((provider) =>
      providerNode(provider.config.id, label({ provider: labelOf(provider), provider_id: provider.config.id })),
    )

/** A form with these providers' buttons, each once. */
export function withProviders(ui: Ui, nodes: readonly UiNode[]): Ui {
  const same = (a: UiNode, b: UiNode) => JSON.stringify(a.attributes) === JSON.stringify(b.attributes)
  const kept = ui.nodes?.filter((node) => !nodes.some((other) => same(node, other))) ?? []
  return nodes.length === 0 ? ui : { ...ui, nodes: [...kept, ...nodes] }
}

/**
 * The form of a registration that did not come about: the provider once more and, when it got as far as that, the traits
 * with what is known of them.
 */
export async function showRegistration(
  deps: OidcDeps,
  {
    request,
    client,
    flow,
    provider,
    byExchange,
    schema,
  }: Pick<Arriving, 'request' | 'client' | 'flow' | 'provider' | 'byExchange'> & { schema: IdentitySchema },
  problems: readonly Problem[],
  traits?: Json,
): Promise<Response> {
  const { registration } = deps.flows()
  const empty: Ui = { ...flow.ui, nodes: [csrfNode('')], messages: [] }
  const button = providerNode(provider.config.id, messages.registrationContinue())
  const group = deps.legacyTraitGroup ? 'oidc' : 'default'
  const form =
    traits === undefined
      ? withNodes(empty, [button])
      : withTraitValues(withNodes(empty, [button, ...traitNodes(schema, group)]), traits, group)
  const ui = sorted(withProblems(form, problems), schema)
  const shown = await show(registration, { request, client, flow, schema }, { ...flow, ui }, { redirectStatus: 302 })
  if (!byExchange) return shown
  return backToApp(deps, request, flow, registration.after('oidc').returnUrl, { flow: flow.id })
}

/** Sends the tab back to its app, with a code for asking what came of the flow. */
export async function backToApp(
  { clock, db, flows }: OidcDeps,
  request: Request,
  flow: Flow,
  fallback: string,
  extra: Record<string, string> = {},
): Promise<Response> {
  const { returnToCode, statement } = answerExchange({ clock }, flow.id)
  await db.batch([statement])
  const target = flows().login.returnTo(returnToOf(flow), fallback)
  return redirect(request, 303, withQuery(target, { ...extra, code: returnToCode.reveal() }))
}
