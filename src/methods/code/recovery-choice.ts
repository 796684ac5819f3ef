import { createHmac } from 'node:crypto'
import { equalInConstantTime } from '../../crypto/tokens.ts'
import type { Statement } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import type { Flow } from '../../flows/flow.ts'
import { appendNode, withCsrf, withMessages, withNodes } from '../../flows/form.ts'
import { tokenOf } from '../../flows/mailed.ts'
import type { RecoveryOutcome } from '../../flows/recovery/method.ts'
import { addressSpellings, viaOf } from '../../identities/address.ts'
import { findRecoveryAddress } from '../../identities/addresses/store.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { inputNode, type UiNode } from '../../ui/node.ts'
import { maskedAddress } from './mask.ts'
import { continueNode, hiddenMethodNode, resendNode } from './nodes.ts'
import { recoveryCodeNode, redeem, sendCode, type CodeRecoveryDeps, type CodeSubmission } from './recovery-code.ts'

// The second shape of the flow: somebody names any of their addresses, chooses among all of them, and has to know the
// chosen one in full before anything is sent to it.

const group = 'code'

const awaitingAddress = 'recovery_awaiting_address'
const awaitingChoice = 'recovery_awaiting_address_choice'
const confirmingAddress = 'recovery_confirming_address'
const awaitingCode = 'recovery_awaiting_code'

/** What a flow of this shape begins with. */
export const firstChooseForm = (): { state: string; nodes: UiNode[] } => ({
  state: awaitingAddress,
  nodes: [
    inputNode({
      group,
      name: 'recovery_address',
      type: 'text',
      required: true,
      label: messages.labelRecoveryAddress(),
    }),
    continueNode(),
  ],
})

/** One step of the flow. */
export async function chooseStep(deps: CodeRecoveryDeps, read: CodeSubmission): Promise<RecoveryOutcome> {
  const { flow, fields } = read
  if (fields.screen === 'previous') return goBack(deps, read)
  switch (flow.state) {
    case awaitingAddress:
      return nameAddress(deps, read)
    case awaitingChoice:
      return chooseAddress(deps, read)
    case confirmingAddress:
      return confirmAddress(deps, read)
    case awaitingCode:
      return (fields.code ?? '').trim() === ''
        ? confirmAddress(deps, read)
        : redeem(deps, read, { showsPayload: false })
    default:
      throw errors.badRequest('This recovery is in a state in which it cannot go on.')
  }
}

const missing = (property: string): RecoveryOutcome => ({
  kind: 'refuse',
  problems: [{ node: property, message: messages.required({ property }) }],
})

/** The form of a step, made from scratch. */
const show = (
  { flow, fields }: CodeSubmission,
  { state, choices = [], nodes, texts, internal = {} }: Step,
  statements: readonly Statement[] = [],
): RecoveryOutcome => {
  const empty = withCsrf({ ...flow.ui, nodes: [] }, tokenOf(flow))
  return {
    kind: 'show',
    flow: {
      ...flow,
      active: 'code',
      state,
      internal: { ...flow.internal, ...internal },
      ui: withMessages(withNodes(choices.reduce(appendNode, empty), nodes), texts),
    },
    statements,
    transientPayload: fields.transient_payload,
  }
}

type Step = {
  state: string
  /** Buttons of one name, of which each stands for an address. */
  choices?: UiNode[]
  nodes: UiNode[]
  texts: UiText[]
  internal?: Flow['internal']
}

const hiddenAddressNode = (typed: string): UiNode =>
  inputNode({ group, name: 'recovery_address', type: 'hidden', value: typed })

const backNode = (): UiNode =>
  inputNode({ group, name: 'screen', type: 'submit', value: 'previous', label: messages.recoveryBack() })

const maxAlternatives = 10

/** The person behind an address, and every address of theirs. Of somebody unknown there is the one that was typed. */
async function alternativesOf(
  { db, normalise }: CodeRecoveryDeps,
  typed: string,
): Promise<{ identityId: string | null; addresses: string[] }> {
  const known = await findRecoveryAddress(db, viaOf(typed), addressSpellings(typed, normalise))
  if (!known) return { identityId: null, addresses: [typed] }
  const values = known.identity.recoveryAddresses.map(({ value }) => value)
  return {
    identityId: known.identity.id,
    addresses: values.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, maxAlternatives),
  }
}

async function nameAddress(deps: CodeRecoveryDeps, read: CodeSubmission): Promise<RecoveryOutcome> {
  const typed = read.fields.recovery_address
  if (typed === undefined) return missing('recovery_address')
  const { identityId, addresses } = await alternativesOf(deps, typed)
  const person = { recovering: identityId }
  if (addresses.length === 1) return sendTo(deps, read, { typed, address: typed, person })
  return show(read, choice(deps, read.flow, typed, addresses, person))
}

type Person = { recovering: string | null }

/** The person whose addresses were looked at last; nobody before that. */
const personOf = ({ internal }: Flow): Person => ({
  recovering: typeof internal.recovering === 'string' ? internal.recovering : null,
})

const choice = (
  { codeKeys }: CodeRecoveryDeps,
  flow: Flow,
  typed: string,
  addresses: readonly string[],
  person: Person,
): Step => ({
  state: awaitingChoice,
  nodes: [hiddenMethodNode(), hiddenAddressNode(typed)],
  choices: addresses.map((address) =>
    inputNode({
      group,
      name: 'recovery_select_address',
      type: 'submit' as const,
      value: choiceValue(codeKeys[0]!, flow, address),
      label: messages.labelOfWords(maskedAddress(address)),
    }),
  ),
  texts: [messages.recoveryChooseAddress()],
  internal: person,
})

/** Stands for an address in one flow, and tells nobody which it is: a plain hash of a phone number can be searched. */
const choiceValue = (key: Buffer, { id }: Flow, address: string): string =>
  createHmac('sha256', key)
    .update(JSON.stringify(['recovery address', id, address]))
    .digest('base64')

async function chooseAddress(deps: CodeRecoveryDeps, read: CodeSubmission): Promise<RecoveryOutcome> {
  const { recovery_address: typed, recovery_select_address: selected } = read.fields
  if (selected === undefined) return missing('recovery_select_address')
  if (typed === undefined) return missing('recovery_address')
  const { identityId, addresses } = await alternativesOf(deps, typed)
  const chosen = addresses.find((address) =>
    deps.codeKeys.some((key) => equalInConstantTime(choiceValue(key, read.flow, address), selected)),
  )
  if (chosen === undefined) {
    const reason = 'This is none of the addresses to choose from.'
    return { kind: 'refuse', problems: [{ node: undefined, message: messages.generic({ reason }) }] }
  }
  const person = { recovering: identityId }
  if (addressSpellings(typed, deps.normalise).includes(chosen))
    return sendTo(deps, read, { typed, address: chosen, person })
  const isMail = chosen.includes('@')
  return show(read, {
    state: confirmingAddress,
    nodes: [
      inputNode({
        group,
        name: 'recovery_confirm_address',
        type: isMail ? 'email' : 'tel',
        value: '',
        required: true,
        label: isMail ? messages.labelEmail() : messages.labelPhone(),
      }),
      hiddenAddressNode(typed),
      continueNode(),
      hiddenMethodNode(),
      backNode(),
    ],
    texts: [messages.recoveryConfirmAddress()],
    internal: person,
  })
}

async function confirmAddress(deps: CodeRecoveryDeps, read: CodeSubmission): Promise<RecoveryOutcome> {
  const { recovery_confirm_address: address, recovery_address: typed } = read.fields
  if (address === undefined) return missing('recovery_confirm_address')
  return sendTo(deps, read, { typed: typed ?? address, address, person: personOf(read.flow) })
}

/** Sends a code to an address of the person who is being recovered; any other looks the same, and gets nothing. */
async function sendTo(
  deps: CodeRecoveryDeps,
  read: CodeSubmission,
  { typed, address, person }: { typed: string; address: string; person: Person },
): Promise<RecoveryOutcome> {
  const statements = await sendCode(deps, read, address, { identityId: person.recovering })
  return show(
    read,
    {
      state: awaitingCode,
      nodes: [
        recoveryCodeNode(),
        continueNode(),
        hiddenMethodNode(),
        resendNode('recovery_confirm_address', address),
        hiddenAddressNode(typed),
        backNode(),
      ],
      texts: [messages.recoveryCodeSentMasked({ masked_address: maskedAddress(address) })],
      internal: person,
    },
    statements,
  )
}

async function goBack(deps: CodeRecoveryDeps, read: CodeSubmission): Promise<RecoveryOutcome> {
  const typed = read.fields.recovery_address
  const { identityId, addresses } =
    typed === undefined ? { identityId: null, addresses: [] } : await alternativesOf(deps, typed)
  if (typed === undefined || addresses.length <= 1) {
    const first = firstChooseForm()
    return show(read, { ...first, texts: [] })
  }
  return show(read, choice(deps, read.flow, typed, addresses, { recovering: identityId }))
}
