import type { Flow, Ui } from '../../flows/flow.ts'
import { findNode, mapNodes, withCsrf, withNodes, withoutNodes } from '../../flows/form.ts'
import { keepIdentifier } from '../../flows/login/identifier.ts'
import type { LoginFields, LoginScreen } from '../../flows/login/method.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { inputNode, methodNode, nodeId, withValue } from '../../ui/node.ts'
import { codeAddressesOf } from './addresses.ts'
import { addressButton, asHiddenIdentifier, codeFields } from './form.ts'
import { identifierIn, isSecond, offeredAddresses, type CodeLoginSettings, type WhoDeps } from './who.ts'

const name = 'code'
export function draw(
  { normalise }: Pick<WhoDeps, 'normalise'>,
  settings: CodeLoginSettings,
  ui: Ui,
  screen: LoginScreen,
): Ui {
  const { passwordless, mfa, choosesAddress } = settings
  switch (screen.kind) {
    case 'first_factor':
      return passwordless ? withNodes(ui, identifierAndButton(screen.identifierLabel)) : ui
    case 'refresh': {
      const addresses = passwordless ? codeAddressesOf(screen.identity, settings) : []
      if (addresses.length === 0) return ui
      return withNodes(ui, choosesAddress ? addresses.map(addressButton) : identifierAndButton(screen.identifierLabel))
    }
    case 'identified': {
      const can = screen.mitigate || (screen.identity && canHaveCodes(screen.identity, screen.identifier))
      return passwordless && can ? withNodes(ui, [button()]) : ui
    }
    case 'second_factor': {
      const addresses = mfa ? offeredAddresses(normalise, settings, screen) : []
      return addresses.length === 0 ? ui : withNodes(ui, addresses.map(addressButton))
    }
    case 'identification':
      return ui
  }

  function canHaveCodes(identity: IdentityWithCredentials, identifier: string): boolean {
    return codeAddressesOf(identity, settings).length > 0 || (settings.fallback && normalise(identifier).includes('@'))
  }
}

const identifierAndButton = (label: UiText) => [
  inputNode({ group: 'default', name: 'identifier', type: 'text', value: '', required: true, label }),
  button(),
]

const button = () => methodNode(name, name, messages.loginCodeButton())

/** Asks for the code. Whom it is for stays in the form unseen; nothing else of the form before does. */
export function codeForm(flow: Flow, { nodes, ...ui }: Ui, identifier: string): Ui {
  const named = (nodes ?? []).filter((node) => ['identifier', 'address'].includes(nodeId(node))).map(asHiddenIdentifier)
  const [first = hiddenIdentifier(''), ...others] = named
  const text = isSecond(flow) || flow.refresh ? messages.loginCodeSentToYou() : messages.loginCodeSent()
  return {
    ...ui,
    nodes: [withValue(first, identifier), ...others, ...codeFields(messages.labelLoginCode())],
    messages: [text],
  }
}

const hiddenIdentifier = (value: string) => inputNode({ group: 'default', name: 'identifier', type: 'hidden', value })

/** The form after a failure. Once a code was sent, whom it is for is one plain hidden field. */
export function keep(ui: Ui, fields: LoginFields, { type, state }: Flow): Ui {
  const identifier = identifierIn(fields)
  const isAsking = state === 'sent_email' && fields['resend'] === undefined
  const form = isAsking ? withOneIdentifier(ui, identifier) : keepIdentifier(ui, identifier)
  return type === 'api' ? withCsrf(form, '') : form
}

function withOneIdentifier(ui: Ui, identifier: string): Ui {
  const first = findNode(ui, 'identifier')
  const kept = keepIdentifier({ ...ui, nodes: [hiddenIdentifier('')] }, identifier).nodes![0]!
  if (!first) return { ...ui, nodes: [...(ui.nodes ?? []), kept] }
  const single = withoutNodes(ui, (node) => nodeId(node) === 'identifier' && node !== first)
  return mapNodes(single, (node) => (node === first ? kept : node))
}
