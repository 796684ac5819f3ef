import { newChallenge, optionsText, readAssertion, requestOptions, verifyAssertion } from '../../crypto/webauthn.ts'
import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import {
  askedIn,
  identifierField,
  scriptNode,
  withFreshChallenge,
  type Asked,
  type HelperScript,
} from '../../flows/ceremony/form.ts'
import { isUsed, useChallenge } from '../../flows/ceremony/store.ts'
import type { BodySpec } from '../../flows/decode.ts'
import { flowPage, type Flow } from '../../flows/flow.ts'
import { withNodes } from '../../flows/form.ts'
import type { LoginMethod, LoginOutcome, LoginScreen } from '../../flows/login/method.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { Credential, IdentityWithCredentials } from '../../identities/identity.ts'
import { handleIdentifier } from '../../identities/import.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import { securityKeysOf, withKeyUsed, type SecurityKey } from '../../identities/security-keys.ts'
import {
  findIdentityByIdentifier,
  findIdentityWithCredentials,
  replaceCredentialConfig,
} from '../../identities/store.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Session } from '../../sessions/session.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, type UiNode } from '../../ui/node.ts'
import { displayNameOf } from './display-name.ts'
import type { PasskeySettings } from './party.ts'
import { findIdentityByKeyHandle } from './store.ts'

export type PasskeyLoginDeps = {
  db: Db
  clock: Clock
  schemas: Pick<IdentitySchemas, 'get'>
  script: HelperScript
  /** The page that shows login flows. */
  loginUiUrl: string
}

const body: BodySpec = {
  fields: ['method', 'csrf_token', 'passkey_login'].map((name) => ({ name, type: 'string' })),
}

const question = 'passkey_challenge'
const result = 'passkey_login'

/** Signs somebody in with a passkey: the authenticator says who they are. */
export const passkeyLogin = (deps: PasskeyLoginDeps, settings: PasskeySettings): LoginMethod => ({
  name: 'passkey',
  enabled: settings.enabled,
  body,
  claims: ({ method, passkey_login: answer }, { requestedAal }) =>
    requestedAal !== 'aal2' && (method === 'passkey' || Boolean(answer)),
  async draw(ui, screen) {
    const nodes = await nodesFor(deps, settings, screen)
    return nodes.length === 0 ? ui : withNodes(ui, nodes)
  },
  keep: (ui) => ui,
  async submit({ flow, fields, session }) {
    const text = (fields[result] as string | undefined) ?? ''
    // The form is still the right one: whoever sent it without an answer is led back to it.
    if (text === '') return { kind: 'leave', to: flowPage(deps.loginUiUrl, flow.id) }
    return judge(deps, settings, { flow, text, session })
  },
})

// -- whose key is it? -------------------------------------------------------------------------------------------------------

type Submitted = { flow: Flow; text: string; session: Session | undefined }

async function judge(
  deps: PasskeyLoginDeps,
  { party, userVerification }: PasskeySettings,
  { flow, text, session }: Submitted,
): Promise<LoginOutcome> {
  const assertion = readAssertion(text)
  if (!assertion) throw errors.badRequest('This is no answer of a passkey.')
  const asked = askedIn(flow.ui, question)
  if (!asked) throw errors.badRequest('This form does not ask for a passkey. Please begin again.')
  const owner = await findOwner(deps.db, assertion.userHandle, { asked, flow, session })
  if (!owner) return retry([{ node: undefined, message: messages.keyUserUnknown() }])

  const problems = [{ node: undefined, message: messages.keyAnswerInvalid() }]
  const { identity, credential } = owner
  const key = firstFactorsOf(credential).find(({ id }) => id.toString('base64url') === assertion.id)
  if (!key || asked.allowed?.has(assertion.id) === false) return retry(problems)
  if (await isUsed(deps.db, asked.challenge)) return retry(problems, withFreshChallenge(flow.ui, question))
  const proof = await verifyAssertion(
    { party, challenge: asked.challenge, requireUserVerification: userVerification === 'required' },
    { ...key, backupEligible: key.flags?.backupEligible },
    assertion,
  )
  if (!proof) return retry(problems)
  return done({
    identity,
    factor: { method: 'passkey', aal: 'aal1' },
    statements: [
      useChallenge(asked.challenge, flow.id),
      replaceCredentialConfig(identity.id, credential, withKeyUsed(credential.config, key, proof), deps.clock.now()),
    ],
  })
}

const firstFactorsOf = (credential: Credential | undefined): SecurityKey[] =>
  securityKeysOf(credential).filter(({ isPasswordless }) => isPasswordless)

/**
 * Who has a key for this handle: a passkey, or a security key of the time before there were passkeys. An authenticator that
 * does not say whose key it used was asked for those of whoever is signed in, or it finds nobody.
 */
async function findOwner(
  db: Db,
  handle: Buffer | undefined,
  { asked, flow, session }: { asked: Asked; flow: Flow; session: Session | undefined },
): Promise<{ identity: IdentityWithCredentials; credential: Credential } | undefined> {
  if (!handle) {
    const identity =
      flow.refresh && asked.allowed && session ? await findIdentityWithCredentials(db, session.identityId) : undefined
    return owning(identity, 'passkey')
  }
  const identifier = handleIdentifier(handle.toString('base64'))
  return (
    owning(await findIdentityByIdentifier(db, ['passkey'], [identifier]), 'passkey') ??
    owning(await findIdentityByKeyHandle(db, handle), 'webauthn')
  )
}

function owning(identity: IdentityWithCredentials | undefined, type: 'passkey' | 'webauthn') {
  const credential = identity?.credentials[type]
  return identity && credential ? { identity, credential } : undefined
}

// -- the form ---------------------------------------------------------------------------------------------------------------

async function nodesFor(deps: PasskeyLoginDeps, settings: PasskeySettings, screen: LoginScreen): Promise<UiNode[]> {
  const isPage = screen.flow.type === 'browser'
  switch (screen.kind) {
    case 'first_factor':
      return [identifierField(screen.identifierLabel), ...asking([], { autofill: true }), signInButton(isPage)]
    case 'identification':
      return [identifierField(screen.identifierLabel), ...asking([], { autofill: true })]
    case 'identified':
      return screen.mitigate || securityKeysOf(screen.identity?.credentials.passkey).length > 0
        ? [signInButton(isPage)]
        : []
    case 'refresh': {
      const { identity } = screen
      const keys = firstFactorsOf(identity.credentials.passkey)
      if (keys.length === 0) return []
      const name = displayNameOf(await deps.schemas.get(identity.schemaId), identity.traits)
      return [
        ...asking(keys, { autofill: false }),
        signInButton(isPage),
        ...(name === '' ? [] : [inputNode({ group: 'default', name: 'identifier', type: 'hidden', value: name })]),
      ]
    }
    case 'second_factor':
      return []
  }

  function asking(allow: readonly SecurityKey[], { autofill }: { autofill: boolean }): UiNode[] {
    const { party, userVerification, loginTimeoutMs: timeoutMs } = settings
    const options = requestOptions({ party, challenge: newChallenge(), timeoutMs, allow, userVerification })
    return [
      inputNode({ group: 'passkey', name: question, type: 'hidden', value: optionsText(options) }),
      ...(isPage ? [scriptNode(deps.script)] : []),
      inputNode({
        group: 'passkey',
        name: result,
        type: 'hidden',
        ...(autofill && isPage ? { onload: 'window.oryPasskeyLoginAutocompleteInit()' } : {}),
        ...(autofill ? { onloadTrigger: 'oryPasskeyLoginAutocompleteInit' } : {}),
      }),
    ]
  }
}

const signInButton = (isPage: boolean): UiNode =>
  inputNode({
    group: 'passkey',
    name: 'passkey_login_trigger',
    type: 'button',
    value: '',
    ...(isPage ? { onclick: 'window.oryPasskeyLogin()' } : {}),
    onclickTrigger: 'oryPasskeyLogin',
    label: messages.loginPasskeyButton(),
  })
