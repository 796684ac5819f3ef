import { createHash } from 'node:crypto'
import { Secret } from '../../crypto/secret.ts'
import { errors } from '../../errors.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { withNodes, withoutMessages, type Problem } from '../../flows/form.ts'
import { done, retry, type Advance, type Outcome } from '../../flows/outcome.ts'
import type {
  Registered,
  RegistrationMethod,
  RegistrationStyle,
  RegistrationSubmission,
} from '../../flows/registration/method.ts'
import { withKnownTraitValues } from '../../flows/trait-nodes.ts'
import type { VerifiableAddress } from '../../identities/identity.ts'
import { canonical } from '../../identities/schema/equal.ts'
import type { Derived } from '../../identities/schema/derive.ts'
import type { Json } from '../../lib/json.ts'
import { newUuid } from '../../lib/uuid.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { asHidden, inputNode, isInput, methodNode } from '../../ui/node.ts'
import { isSameAddress, type CodeAddress } from './addresses.ts'
import { issueCodes, useCode, type CodeDeps } from './codes.ts'
import { deliverRegistrationCodes, type DeliverDeps } from './deliver.ts'
import { codeFields } from './form.ts'

export type CodeRegistrationDeps = CodeDeps & DeliverDeps

const name = 'code'

/** Somebody new shows with a code that an address is theirs, and signs in with codes from then on. */
export const codeRegistration = (
  deps: CodeRegistrationDeps,
  { enabled, passwordless, style }: { enabled: boolean; passwordless: boolean; style: RegistrationStyle },
): RegistrationMethod => ({
  name,
  enabled: enabled || passwordless,
  fields: [
    { name: 'code', type: 'string' },
    { name: 'resend', type: 'string' },
  ],
  claims: ({ method }) => method === name,
  nodes: (screen) =>
    screen === 'profile' || !passwordless ? [] : [methodNode(name, name, messages.registrationCodeButton())],
  check: ({ resend }) => (resend === undefined || resend === name ? [] : [unknownResend()]),
  async submit(submission) {
    const { flow, fields, derived } = submission
    if (derived.codeIdentifiers.length === 0) return retry([onForm(messages.noIdentifier())])
    // Nobody could sign in afterwards.
    if (!passwordless) throw errors.notFound('Signing up with a code is not offered here.')
    if (fields['resend'] !== undefined || flow.state === 'choose_method') return send(deps, style, submission)
    if (flow.state === 'sent_email') return verify(deps, submission)
    return retry([onForm(messages.noRegistrationMethod())])
  },
})

const onForm = (message: UiText): Problem => ({ node: undefined, message })
const unknownResend = (): Problem => ({
  node: 'resend',
  message: messages.generic({ reason: 'To have a code sent again, send resend=code.' }),
})

/** Where codes go to: to every address among the traits that is for signing in with codes. */
const addressesIn = ({ codeIdentifiers }: Derived): CodeAddress[] =>
  codeIdentifiers.map(({ address, channel }) => ({ via: channel, address }))

/** Nothing is looked up: that an address is taken shows at the end, to whoever has proved that it is theirs. */
async function send(
  deps: CodeRegistrationDeps,
  style: RegistrationStyle,
  { flow, fields, derived, request }: RegistrationSubmission,
): Promise<Advance> {
  const { codes, statements } = issueCodes(deps, {
    flowId: flow.id,
    purpose: 'registration',
    recipients: addressesIn(derived).map((address) => ({ ...address, identityId: null })),
  })
  const deliveries = await deliverRegistrationCodes(deps, { flow, fields, request }, derived.traits, codes)
  return {
    kind: 'advance',
    ui: codeForm(flow, style, fields['traits']),
    state: 'sent_email',
    active: name,
    internal: { ...flow.internal, [sentFor]: digest(fields['traits']) },
    statements: [...statements, ...deliveries],
    onStored: () => deps.outbox.notify(),
  }
}

async function verify(
  deps: CodeRegistrationDeps,
  { flow, fields, draft, derived, now }: RegistrationSubmission,
): Promise<Outcome<Registered>> {
  const code = fields['code'] as string | undefined
  if (code === undefined) return retry([{ node: 'code', message: messages.required({ property: 'code' }) }])
  if (flow.internal[sentFor] !== digest(fields['traits'])) return retry([onForm(messages.otherTraits())])

  const own = addressesIn(derived)
  const use = await useCode(deps, {
    flowId: flow.id,
    purpose: 'registration',
    code: new Secret(code),
    accepts: (stored) => own.some(isSameAddress(stored)),
  })
  switch (use.kind) {
    case 'too_many':
      return retry([
        onForm(
          messages.generic({
            reason: 'Too many codes were tried here. Begin again; if that is refused as well, wait some minutes.',
          }),
        ),
      ])
    case 'wrong':
    case 'used':
      return retry([onForm(messages.registrationCodeWrong())])
    case 'accepted': {
      const { via, address: value } = use.code
      const proven: VerifiableAddress = {
        id: newUuid(),
        via,
        value,
        verified: true,
        status: 'completed',
        verifiedAt: now,
        createdAt: now,
        updatedAt: now,
      }
      return done({
        // It stays only if the schema has it verified at all.
        identity: { ...draft, verifiableAddresses: [proven] },
        factors: [{ method: name, aal: 'aal1' }],
        state: 'passed_challenge',
      })
    }
  }
}

/** Under which name a flow remembers what its code was sent for. */
const sentFor = 'code_sent_for'

/** Equal for equal traits. The traits themselves are in the form already. */
const digest = (traits: unknown): Json => createHash('sha256').update(canonical(traits)).digest('base64url')

/** Asks for the code. The traits come along unseen. */
function codeForm({ ui }: Flow, style: RegistrationStyle, traits: unknown): Ui {
  const known = withKnownTraitValues(withoutMessages(ui), traits)
  const fields = (known.nodes ?? []).filter((node) => node.group === 'default' && isInput(node)).map(asHidden)
  const back = inputNode({
    group: 'profile',
    name: 'screen',
    type: 'submit',
    value: 'credential-selection',
    label: messages.registrationBack(),
  })
  const nodes = [...codeFields(messages.labelRegistrationCode()), ...(style === 'two-steps' ? [back] : [])]
  return { ...withNodes({ ...known, nodes: fields }, nodes), messages: [messages.registrationCodeSent()] }
}
