import { newChallenge, readAssertion, requestOptions, verifyAssertion, type Assertion } from '../../crypto/webauthn.ts'
import { errors } from '../../errors.ts'
import type { Db } from '../../db/db.ts'
import {
  askedIn,
  identifierField,
  optionsButton,
  scriptNode,
  withFreshChallenge,
  type Asked,
  type HelperScript,
} from '../../flows/ceremony/form.ts'
import { isUsed, useChallenge } from '../../flows/ceremony/store.ts'
import type { BodySpec } from '../../flows/decode.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { flowPage } from '../../flows/flow.ts'
import { mapNodes, withNodes } from '../../flows/form.ts'
import { spellingsOf } from '../../flows/login/identifier.ts'
import type { LoginMethod, LoginOutcome, LoginScreen } from '../../flows/login/method.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { Credential, IdentityWithCredentials } from '../../identities/identity.ts'
import {
  idHandle,
  securityKeysOf,
  userHandleOf,
  withKeyUsed,
  type SecurityKey,
} from '../../identities/security-keys.ts'
import {
  findIdentityByIdentifier,
  findIdentityWithCredentials,
  replaceCredentialConfig,
} from '../../identities/store.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Session } from '../../sessions/session.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { csrfNode, inputNode, methodNode, nodeId, withValue, type UiNode } from '../../ui/node.ts'
import { timeoutMs, type WebauthnSettings } from './party.ts'

export type WebauthnLoginDeps = {
  db: Db
  clock: Clock
  normalise(identifier: string): string
  script: HelperScript
  /** The page that shows login flows. */
  loginUiUrl: string
}

const body: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    // It is asked for where it is not needed, too: the session says whose keys are second factors.
    { name: 'identifier', type: 'string', required: true },
    { name: 'webauthn_login', type: 'string' },
    { name: 'transient_payload', type: 'object' },
  ],
}

const button = 'webauthn_login_trigger'
const result = 'webauthn_login'

/**
 * Signs somebody in with a security key. As first factor it takes two steps: who they are, then the key. Browsers only.
 */
export const webauthnLogin = (deps: WebauthnLoginDeps, settings: WebauthnSettings): LoginMethod => ({
  name: 'webauthn',
  enabled: settings.enabled,
  body,
  claims: ({ method, webauthn_login: answer }, flow) =>
    flow.type === 'browser' &&
    (method === 'webauthn' || Boolean(answer)) &&
    (!settings.enabled || serves(settings, flow)),
  draw: (ui, screen) => {
    const nodes = screen.flow.type === 'browser' ? nodesFor(deps, settings, screen) : []
    return nodes.length === 0 ? ui : withNodes(ui, nodes)
  },
  keep: withoutAnswer,
  async submit({ flow, fields, session }) {
    const text = (fields[result] as string | undefined) ?? ''
    const identifier = fields['identifier'] as string
    if (text !== '') return judge(deps, settings, { flow, text, identifier, session })
    if (isSecond(flow)) throw errors.badRequest('The answer of the security key is missing.')
    return askForKey(deps, settings, flow, identifier)
  },
})

const isSecond = ({ requestedAal }: Flow): boolean => requestedAal === 'aal2'

/** Whoever renews a session may do so with a key of theirs that is a first factor, however new keys are used. */
const serves = ({ passwordless }: WebauthnSettings, flow: Flow): boolean =>
  isSecond(flow) ? !passwordless : passwordless || flow.refresh === true

const keysFor = (identity: IdentityWithCredentials | undefined, { passwordless }: { passwordless: boolean }) =>
  securityKeysOf(identity?.credentials.webauthn).filter((key) => key.isPasswordless === passwordless)

// -- who is it? -------------------------------------------------------------------------------------------------------------

/** Asks the keys of the person who was named, in a form that asks for nothing else. */
async function askForKey(
  deps: WebauthnLoginDeps,
  { party }: WebauthnSettings,
  flow: Flow,
  identifier: string,
): Promise<LoginOutcome> {
  const keys = keysFor(await findByIdentifier(deps, identifier), { passwordless: true })
  if (keys.length === 0) return retry([{ node: undefined, message: messages.keyUserUnknown() }])
  const known = inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: identifier, required: true })
  const nodes = [known, csrfNode(''), ...questionFor(deps, { party, keys, label: messages.loginKeyContinue() })]
  return {
    kind: 'leave',
    to: flowPage(deps.loginUiUrl, flow.id),
    ui: { ...flow.ui, nodes, messages: [messages.loginKeyReady()] },
  }
}

async function findByIdentifier(
  { db, normalise }: WebauthnLoginDeps,
  identifier: string,
): Promise<IdentityWithCredentials | undefined> {
  const spellings = spellingsOf(identifier, normalise)
  return spellings.length === 0 ? undefined : findIdentityByIdentifier(db, ['webauthn'], spellings)
}

// -- is it their key? ---------------------------------------------------------------------------------------------------------

type Submitted = { flow: Flow; text: string; identifier: string; session: Session | undefined }

async function judge(
  deps: WebauthnLoginDeps,
  { party }: WebauthnSettings,
  { flow, text, identifier, session }: Submitted,
): Promise<LoginOutcome> {
  const assertion = readAssertion(text)
  if (!assertion) throw errors.badRequest('This is no answer of a security key.')
  const identity = isSecond(flow)
    ? session && (await findIdentityWithCredentials(deps.db, session.identityId))
    : await findByIdentifier(deps, identifier)
  const keys = keysFor(identity, { passwordless: !isSecond(flow) })
  if (!identity || keys.length === 0) return retry([{ node: undefined, message: messages.noKey() }])
  const asked = askedIn(flow.ui, button)
  if (!asked) throw errors.badRequest('This form does not ask for a security key. Please begin again.')

  const problems = [{ node: undefined, message: messages.keyAnswerInvalid() }]
  const key = keyMeant(identity, keys, asked, assertion)
  if (!key) return retry(problems)
  if (await isUsed(deps.db, asked.challenge)) return retry(problems, withFreshChallenge(withoutAnswer(flow.ui), button))
  const ceremony = { party, challenge: asked.challenge, requireUserVerification: false }
  const proof = await verifyAssertion(ceremony, { ...key, backupEligible: key.flags?.backupEligible }, assertion)
  if (!proof) return retry(problems)
  const credential = identity.credentials.webauthn as Credential
  return done({
    identity,
    // By the kind of the key: whatever the configuration says today, it proves what it was enrolled for.
    factor: { method: 'webauthn', aal: key.isPasswordless ? 'aal1' : 'aal2' },
    statements: [
      useChallenge(asked.challenge, flow.id),
      replaceCredentialConfig(identity.id, credential, withKeyUsed(credential.config, key, proof), deps.clock.now()),
    ],
  })
}

/** The key that an assertion names, if the form asked for it, and the authenticator made it for this person. */
function keyMeant(
  { id, credentials }: IdentityWithCredentials,
  keys: readonly SecurityKey[],
  { allowed }: Asked,
  assertion: Assertion,
): SecurityKey | undefined {
  const { userHandle } = assertion
  const handles = [userHandleOf(credentials.webauthn), idHandle(id)]
  if (userHandle && !handles.some((handle) => handle?.equals(userHandle))) return undefined
  if (!allowed?.has(assertion.id)) return undefined
  return keys.find((key) => key.id.toString('base64url') === assertion.id)
}

// -- the form ---------------------------------------------------------------------------------------------------------------

function nodesFor(deps: WebauthnLoginDeps, settings: WebauthnSettings, screen: LoginScreen): UiNode[] {
  switch (screen.kind) {
    case 'first_factor':
      return settings.passwordless ? [identifierField(screen.identifierLabel), signInButton()] : []
    case 'identified':
      return settings.passwordless && (screen.mitigate || keysFor(screen.identity, { passwordless: true }).length > 0)
        ? [signInButton()]
        : []
    case 'refresh': {
      const [identifier] = screen.identity.credentials.webauthn?.identifiers ?? []
      // Without an identifier the submission could not name its person.
      return identifier === undefined ? [] : questionOf(screen.identity, { passwordless: true })
    }
    case 'second_factor':
      return settings.passwordless ? [] : questionOf(screen.identity, { passwordless: false })
    case 'identification':
      return []
  }

  function questionOf(identity: IdentityWithCredentials, kind: { passwordless: boolean }): UiNode[] {
    const keys = keysFor(identity, kind)
    if (keys.length === 0) return []
    const [identifier] = identity.credentials.webauthn?.identifiers ?? []
    return [
      ...(identifier === undefined
        ? []
        : [inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: identifier })]),
      ...questionFor(deps, { party: settings.party, keys, label: messages.loginKeyButton() }),
    ]
  }
}

/** What asks for one of these keys. */
const questionFor = (
  { script }: WebauthnLoginDeps,
  { party, keys, label }: { party: WebauthnSettings['party']; keys: readonly SecurityKey[]; label: UiText },
): UiNode[] => [
  scriptNode(script),
  optionsButton(
    button,
    'oryWebAuthnLogin',
    requestOptions({ party, challenge: newChallenge(), timeoutMs, allow: keys, userVerification: 'discouraged' }),
    label,
  ),
  inputNode({ group: 'webauthn', name: result, type: 'hidden', value: '' }),
]

const signInButton = (): UiNode => methodNode('webauthn', 'webauthn', messages.loginKeyButton())

const withoutAnswer = (ui: Ui): Ui =>
  mapNodes(ui, (node) => (nodeId(node) === result ? withValue(node, undefined) : node))
