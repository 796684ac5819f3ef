import { errors, type ApiError } from '../../errors.ts'
import { checkCrossSite } from '../../flows/cross-site.ts'
import { validateBody, type BodySpec } from '../../flows/decode.ts'
import type { Flow } from '../../flows/flow.ts'
import { problemsFrom, withCsrf, withMessages, withNodes } from '../../flows/form.ts'
import { emailProblems, readSubmission, tokenOf } from '../../flows/mailed.ts'
import type { RecoveryMethod, RecoveryOutcome, RecoverySubmission } from '../../flows/recovery/method.ts'
import { messages } from '../../ui/messages.ts'
import type { UiNode } from '../../ui/node.ts'
import { continueNode, emailNode, hiddenMethodNode, resendNode } from './nodes.ts'
import { chooseStep, firstChooseForm } from './recovery-choice.ts'
import {
  recoveryCodeNode,
  redeem,
  restart,
  sendCode,
  type CodeRecoveryDeps,
  type CodeSubmission,
  type RecoveryFields,
} from './recovery-code.ts'

export type { CodeRecoveryDeps }

const spec: BodySpec = {
  fields: [
    ...(
      [
        'method',
        'code',
        'email',
        'recovery_address',
        'recovery_select_address',
        'recovery_confirm_address',
        'screen',
        'csrf_token',
      ] as const
    ).map((name) => ({ name, type: 'string' as const })),
    { name: 'transient_payload', type: 'object' },
  ],
}

/** Recovers an account by a code that is sent to one of its addresses. */
export const codeRecovery = (deps: CodeRecoveryDeps): RecoveryMethod => ({
  name: 'code',
  enabled: deps.enabled,
  begin: () =>
    deps.choosesAddress ? firstChooseForm() : { state: 'choose_method', nodes: [addressNode(), continueNode()] },
  submit: (submission) => submit(deps, submission),
})

const addressNode = (): UiNode => emailNode(messages.labelEmail(), 'email')

const isMine = ({ use }: CodeRecoveryDeps, { active }: Flow): boolean =>
  // A flow that nobody felt responsible for once is still of use to the method that it was made for.
  active === 'code' || (active === 'default' && use === 'code')

async function submit(deps: CodeRecoveryDeps, submission: RecoverySubmission): Promise<RecoveryOutcome> {
  const { request, flow } = submission
  if (!isMine(deps, flow)) return { kind: 'pass' }
  const decoded = await readSubmission(request, spec)
  if (decoded.kind === 'bad')
    return { kind: 'refuse', problems: [{ node: undefined, message: messages.generic({ reason: decoded.reason }) }] }
  const fields = decoded.value as RecoveryFields
  const problems = [...problemsFrom(validateBody(decoded.value, spec)), ...emailProblems(fields.email)]
  if (problems.length > 0) return { kind: 'refuse', problems }

  const offence = crossSiteError(deps, submission, fields)
  // compat: a browser goes on where a browser was used – selfservice/strategy/code/strategy_recovery.go
  if (offence) return restart(offence, 'browser')
  const read: CodeSubmission = { request, flow, fields }
  if (flow.state.startsWith('recovery_'))
    return (await submission.isSignedIn()) ? { kind: 'signed_in' } : chooseStep(deps, read)
  if (flow.state !== 'choose_method' && fields.email === undefined) return redeem(deps, read, { showsPayload: true })
  return askForCode(deps, submission, read)
}

/** @returns what a native flow did wrong @throws errors.csrf for browsers, which get a new secret then */
function crossSiteError(
  { crossSite }: CodeRecoveryDeps,
  { request, flow }: RecoverySubmission,
  { csrf_token, email }: RecoveryFields,
): ApiError | undefined {
  // What an operator made belongs to no browser yet; asking it for mail takes more than knowing its address.
  if (flow.internal.from_operator === true && email === undefined) return undefined
  try {
    checkCrossSite(crossSite, request, flow.type, csrf_token)
    return undefined
  } catch (error) {
    if ((error as ApiError).body.status === 400) return error as ApiError
    request.csrf.rotate()
    throw error
  }
}

/** The first form, and the same address or another once more. */
async function askForCode(
  deps: CodeRecoveryDeps,
  submission: RecoverySubmission,
  read: CodeSubmission,
): Promise<RecoveryOutcome> {
  const { flow, fields } = read
  if (await submission.isSignedIn()) return { kind: 'signed_in' }
  if (fields.method !== 'code') return { kind: 'pass' }
  if (!deps.enabled) throw errors.notFound('The method code is not switched on here.')
  if (flow.state === 'passed_challenge') {
    const message = messages.recoveryDone()
    return { kind: 'restart', message, type: flow.type, error: errors.badRequest(message.text) }
  }
  const { email } = fields
  if (email === undefined)
    return { kind: 'refuse', problems: [{ node: 'email', message: messages.required({ property: 'email' }) }] }
  const statements = await sendCode(deps, read, email)
  return {
    kind: 'show',
    transientPayload: fields.transient_payload,
    statements,
    flow: {
      ...flow,
      active: 'code',
      state: 'sent_email',
      ui: withMessages(
        withNodes(withCsrf({ ...flow.ui, nodes: [] }, tokenOf(flow)), [
          recoveryCodeNode(),
          hiddenMethodNode(),
          continueNode(),
          resendNode('email', email),
        ]),
        [messages.recoveryCodeSent()],
      ),
    },
  }
}
