import type { Db } from '../../db/db.ts'
import type { BodySpec } from '../../flows/decode.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { mapNodes, withNodes, withoutMessages, withoutNodes } from '../../flows/form.ts'
import { shortcutFrom } from '../../flows/login/form.ts'
import { keepIdentifier, spellingsOf } from '../../flows/login/identifier.ts'
import type { LoginMethod, LoginScreen } from '../../flows/login/method.ts'
import { retry } from '../../flows/outcome.ts'
import { credentialTypes, type IdentityWithCredentials } from '../../identities/identity.ts'
import { findIdentityByIdentifier } from '../../identities/store.ts'
import { messages } from '../../ui/messages.ts'
import { asHidden, inputNode, isInput, methodNode, nodeId, nodeValue, type UiNode } from '../../ui/node.ts'

export type IdentifierFirstDeps = {
  db: Db
  normalise(identifier: string): string
  /** Whether the second screen must not tell whether somebody exists. */
  mitigateEnumeration: boolean
}

const body: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'identifier', type: 'string' },
    { name: 'transient_payload', type: 'object' },
  ],
}

const name = 'identifier_first'
const autocomplete = 'username webauthn'

/** Asks who somebody is, and only then for what they can sign in with. It takes whatever no other method wants. */
export const identifierFirstLogin = (deps: IdentifierFirstDeps): LoginMethod => ({
  name,
  enabled: true,
  body,
  claims: (_claim, { requestedAal }) => requestedAal !== 'aal2',
  draw: (ui, screen) => (screen.kind === 'identification' ? withNodes(ui, nodesFor(screen)) : ui),
  keep: (ui, fields) => keepIdentifier(ui, fields['identifier']),
  async submit({ flow, fields, methods, session, request }) {
    const identifier = (fields['identifier'] as string | undefined) ?? ''
    const identity = await known(deps, identifier)
    const before = keepIdentifier(withoutMessages(flow.ui), identifier)
    const screen = { kind: 'identified', flow, identifier, identity, mitigate: deps.mitigateEnumeration } as const
    const after = await drawAll(methods, before, screen)
    if (after === before) return retry([{ node: 'identifier', message: messages.accountNotFound() }])
    const ui = secondScreen(after)
    const next = await shortcutFrom({ screen, ui, fields, session, methods, request })
    return next ?? { kind: 'advance', ui, active: name }
  },
})

/** Where enumeration is prevented nobody is looked up at all: the answer takes as long for everybody. */
async function known(
  { db, mitigateEnumeration, normalise }: IdentifierFirstDeps,
  identifier: string,
): Promise<IdentityWithCredentials | undefined> {
  const spellings = spellingsOf(identifier, normalise)
  return mitigateEnumeration || spellings.length === 0
    ? undefined
    : findIdentityByIdentifier(db, credentialTypes, spellings)
}

async function drawAll(methods: readonly LoginMethod[], form: Ui, screen: LoginScreen): Promise<Ui> {
  let ui = form
  for (const method of methods) ui = await method.draw(ui, screen)
  return ui
}

/** The identifier is settled and stays in the form unseen; asked a second time, no button stands there twice. */
function secondScreen(ui: Ui): Ui {
  const settled = mapNodes(ui, (node) => (nodeId(node) === 'identifier' ? hidden(node) : node))
  const seen = new Set<string>()
  return withoutNodes(settled, (node) => {
    if (nodeId(node) !== 'method') return false
    const key = JSON.stringify(node)
    const drop = nodeValue(node) === name || seen.has(key)
    seen.add(key)
    return drop
  })
}

function hidden(node: UiNode): UiNode {
  const field = asHidden(node)
  return isInput(field) ? { ...field, attributes: { ...field.attributes, autocomplete } } : field
}

const nodesFor = ({
  identifierLabel,
}: {
  identifierLabel: ReturnType<typeof messages.labelIdentifier>
  flow: Flow
}): UiNode[] => [
  inputNode({
    group: name,
    name: 'identifier',
    type: 'text',
    value: '',
    required: true,
    autocomplete,
    label: identifierLabel,
  }),
  methodNode(name, name, messages.labelContinue()),
]
