import { Secret } from '../../crypto/secret.ts'
import type { BodySpec } from '../../flows/decode.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import type { Problem } from '../../flows/form.ts'
import type { LoginMethod, LoginOutcome, LoginShortcut, LoginSubmission } from '../../flows/login/method.ts'
import { done, retry, type Advance } from '../../flows/outcome.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { withProvenAddress } from '../../identities/proven-address.ts'
import { countSecondFactors, usableFirstFactors, type FactorRules } from '../../sessions/assurance.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { isSameAddress, type CodeAddress } from './addresses.ts'
import { issueCodes, useCode, type CodeDeps, type StoredCode } from './codes.ts'
import { deliverLoginCodes, type Cause, type DeliverDeps } from './deliver.ts'
import { codeForm, draw, keep } from './login-form.ts'
import {
  firstFactorOf,
  identifierIn,
  isSecond,
  offeredAddresses,
  ownAddress,
  ownerOf,
  type CodeLoginSettings,
  type WhoDeps,
} from './who.ts'

export type CodeLoginDeps = CodeDeps & DeliverDeps & WhoDeps & { rules: FactorRules }

const name = 'code'

const body: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'identifier', type: 'string' },
    { name: 'address', type: 'string' },
    { name: 'code', type: 'string' },
    { name: 'resend', type: 'string' },
    { name: 'transient_payload', type: 'object' },
  ],
}

/** Signs somebody in, or adds the second factor, with a code that was sent to an address of theirs. */
export function codeLogin(deps: CodeLoginDeps, settings: CodeLoginSettings): LoginMethod {
  const { passwordless, mfa, choosesAddress } = settings
  const picks = ({ refresh }: Flow) => choosesAddress && refresh === true
  return {
    name,
    enabled: passwordless || mfa,
    body,
    claims: ({ method, address }, flow) =>
      isSecond(flow) !== passwordless && (method === name || (Boolean(address) && (mfa || picks(flow)))),
    check: ({ resend }) => (resend === undefined || resend === name ? [] : [unknownResend()]),
    draw: (ui, screen) => draw(deps, settings, ui, screen),
    // compat: only the form of a new login has it – selfservice/strategy/code/strategy_login.go
    omitsNativeToken: ({ kind }) => kind === 'refresh' || kind === 'second_factor',
    keep,
    submit(submission) {
      const { flow, fields } = submission
      if (fields['resend'] !== undefined || flow.state === 'choose_method') return send(deps, settings, submission)
      if (flow.state === 'sent_email') return verify(deps, settings, submission)
      return Promise.resolve(retry([onForm(messages.noLoginMethod())]))
    },
    shortcut: (shortcut) => sendAtOnce(deps, settings, shortcut),
  }
}

const onForm = (message: UiText): Problem => ({ node: undefined, message })
const missing = (node: string): Problem => ({ node, message: messages.required({ property: node }) })
const unknownResend = (): Problem => ({
  node: 'resend',
  message: messages.generic({ reason: 'To have a code sent again, send resend=code.' }),
})

// -- sending --------------------------------------------------------------------------------------------------------

/** Whom codes go to. Nobody, where it must not show that there is no such account. */
type Target = { identity: IdentityWithCredentials | undefined; addresses: CodeAddress[]; identifier: string }

async function send(
  deps: CodeLoginDeps,
  settings: CodeLoginSettings,
  submission: LoginSubmission,
): Promise<LoginOutcome> {
  const { flow, fields } = submission
  const refused = (problem: Problem): LoginOutcome => ({ kind: 'retry', problems: [problem], state: 'choose_method' })
  const identifier = identifierIn(fields)
  if (identifier === '') return refused(missing('identifier'))
  const found = isSecond(flow)
    ? await ownAddress(deps, settings, submission, identifier)
    : await firstFactorOf(deps, settings, submission, identifier)
  if (found)
    return sendCodes(deps, submission, flow.ui, { identity: found.identity, addresses: found.chosen, identifier })
  if (mayPretend(settings, submission)) return sendCodes(deps, submission, flow.ui, nobodyAt(deps, identifier))
  return refused(onForm(isSecond(flow) && settings.fallback ? messages.addressNotYours() : messages.noCodeAccount()))
}

/** Without a session nobody learns from the answer who has an account: a code is made, but goes nowhere. */
const mayPretend = (
  { mitigateEnumeration }: CodeLoginSettings,
  { flow, session }: Pick<LoginSubmission, 'flow' | 'session'>,
): boolean => mitigateEnumeration && !isSecond(flow) && !session

const maxAddressLength = 320

function nobodyAt({ normalise }: CodeLoginDeps, identifier: string): Target {
  const text = identifier.replaceAll('\0', '').slice(0, maxAddressLength)
  return {
    identity: undefined,
    addresses: [{ via: text.includes('@') ? 'email' : 'sms', address: normalise(text) }],
    identifier: text,
  }
}

/** The code form, and the codes that make it useful. */
async function sendCodes(
  deps: CodeLoginDeps,
  cause: Cause & { flow: Flow },
  ui: Ui,
  { identity, addresses, identifier }: Target,
): Promise<Advance> {
  const { flow } = cause
  const { codes, statements } = issueCodes(deps, {
    flowId: flow.id,
    purpose: 'login',
    recipients: addresses.map((address) => ({ ...address, identityId: identity?.id ?? null })),
  })
  const deliveries = await deliverLoginCodes(deps, cause, identity, codes)
  return {
    kind: 'advance',
    ui: codeForm(flow, ui, identifier),
    state: 'sent_email',
    active: name,
    statements: [...statements, ...deliveries],
    onStored: () => deps.outbox.notify(),
  }
}

/** What is not asked because there is nothing to choose: the way to sign in, or the address for the second factor. */
async function sendAtOnce(
  deps: CodeLoginDeps,
  settings: CodeLoginSettings,
  { screen, ui, session, methods, fields, request }: LoginShortcut,
): Promise<Advance | undefined> {
  const cause = { flow: screen.flow, fields, request }
  if (screen.kind === 'second_factor' && settings.mfa) {
    const { identity } = screen
    const { code: _own, ...others } = identity.credentials
    const [only, ...more] = offeredAddresses(deps.normalise, settings, screen)
    if (!only || more.length > 0 || countSecondFactors(others, deps.rules) > 0) return undefined
    return sendCodes(deps, cause, ui, { identity, addresses: [only], identifier: only.address })
  }
  if (screen.kind !== 'identified' || !settings.passwordless || screen.flow.state !== 'choose_method') return undefined
  const identifier = lowered(screen.identifier)
  const others = new Set(methods.map((method) => method.name).filter((other) => !canLeadHere.has(other)))
  // Where it must not show who exists, what they have must not show either.
  if (screen.mitigate && others.size > 0) return undefined
  const found = await firstFactorOf(deps, settings, { flow: screen.flow, session, fields: {} }, identifier)
  if (screen.mitigate && !found && !session) return sendCodes(deps, cause, ui, nobodyAt(deps, identifier))
  if (!found || usableFirstFactors(found.identity.credentials, deps.rules).some((type) => others.has(type)))
    return undefined
  return sendCodes(deps, cause, ui, { identity: found.identity, addresses: found.chosen, identifier })
}

const canLeadHere = new Set([name, 'identifier_first'])
const lowered = (identifier: string): string => identifierIn({ identifier })

// -- verifying ------------------------------------------------------------------------------------------------------

async function verify(
  deps: CodeLoginDeps,
  settings: CodeLoginSettings,
  submission: LoginSubmission,
): Promise<LoginOutcome> {
  const { flow, fields } = submission
  const identifier = identifierIn(fields)
  const code = fields['code'] as string | undefined
  if (code === undefined) return retry([missing('code')])
  if (!isSecond(flow) && identifier === '') return retry([missing('identifier')])
  const found = isSecond(flow)
    ? await ownerOf(deps, settings, submission)
    : await firstFactorOf(deps, settings, { ...submission, fields: {} }, identifier)
  if (!found && !mayPretend(settings, submission)) return retry([onForm(messages.noCodeAccount())])

  // A code is for a person; one that went to an address which is no longer theirs is for nobody.
  const accepts = (stored: StoredCode) =>
    found !== undefined && stored.identityId === found.identity.id && found.all.some(isSameAddress(stored))
  const use = await useCode(deps, { flowId: flow.id, purpose: 'login', code: new Secret(code), accepts })
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
      return retry([onForm(messages.loginCodeWrong())])
    case 'accepted': {
      const { identity, statements } = withProvenAddress(found!.identity, use.code, deps.clock.now())
      return done({
        identity,
        factor: { method: name, aal: isSecond(flow) ? 'aal2' : 'aal1' },
        state: 'passed_challenge',
        statements,
      })
    }
  }
}
