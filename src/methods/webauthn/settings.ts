import { creationOptions, newChallenge, readCreationAnswer, verifyCreation } from '../../crypto/webauthn.ts'
import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { askedIn, optionsButton, removeButton, scriptNode, type HelperScript } from '../../flows/ceremony/form.ts'
import { isUsed, useChallenge } from '../../flows/ceremony/store.ts'
import { problemsFrom } from '../../flows/form.ts'
import { done, retry, type Outcome } from '../../flows/outcome.ts'
import type { SettingsForm, SettingsMethod, SettingsResult, SettingsSubmission } from '../../flows/settings/method.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import {
  hexId,
  idHandle,
  securityKeysOf,
  userHandleOf,
  withKey,
  withoutKey,
  type SecurityKey,
} from '../../identities/security-keys.ts'
import { applySchema, changedCredential, type SchemaDeps } from '../../identities/update.ts'
import type { Json } from '../../lib/json.ts'
import type { Micros } from '../../lib/clock.ts'
import { countFirstFactors } from '../../sessions/assurance.ts'
import { isPrivileged } from '../../sessions/session.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, type UiNode } from '../../ui/node.ts'
import { timeoutMs, type WebauthnSettings } from './party.ts'

export type WebauthnSettingsDeps = SchemaDeps & { db: Db; script: HelperScript; privilegedAgeMicros: Micros }

const result = 'webauthn_register'
const nameField = 'webauthn_register_displayname'
const button = 'webauthn_register_trigger'
const removal = 'webauthn_remove'

/** Adds security keys to the signed-in identity, and takes them away. Browsers only. */
export const webauthnSettingsMethod = (deps: WebauthnSettingsDeps, settings: WebauthnSettings): SettingsMethod => ({
  name: 'webauthn',
  enabled: settings.enabled,
  fields: [result, nameField, removal].map((name) => ({ name, type: 'string' })),
  allowsGet: true,
  claims: (fields, { type }) => type === 'browser' && (Boolean(fields[result]) || Boolean(fields[removal])),
  check: (fields) =>
    fields[result] && !fields[nameField]
      ? [{ node: nameField, message: messages.required({ property: nameField }) }]
      : [],
  draw: (form) => ({ nodes: form.flow.type === 'browser' ? nodesFor(deps, settings, form) : [] }),
  async submit(submission) {
    const { session, fields, now } = submission
    if (!isPrivileged(session, deps.privilegedAgeMicros, now)) return { kind: 'refresh' }
    return fields[result] ? add(deps, settings, submission) : remove(deps, submission)
  },
})

function nodesFor(
  { rules, script }: WebauthnSettingsDeps,
  { party }: WebauthnSettings,
  { identity }: SettingsForm,
): UiNode[] {
  const keys = securityKeysOf(identity.credentials.webauthn)
  const options = creationOptions({
    party,
    // One handle for all keys of a person, so that none of them is taken for somebody else's.
    user: { id: userHandleOf(identity.credentials.webauthn) ?? idHandle(identity.id), name: party.name },
    challenge: newChallenge(),
    timeoutMs,
    exclude: keys,
    selection: { userVerification: 'discouraged' },
  })
  return [
    ...keys.map((key) =>
      removeButton('webauthn', key, { label: messages.labelRemoveKey, disabled: isLast(identity, key, rules) }),
    ),
    inputNode({ group: 'webauthn', name: nameField, type: 'text', value: '', label: messages.labelKeyName() }),
    optionsButton(button, 'oryWebAuthnRegistration', options, messages.addKeyButton()),
    scriptNode(script),
    inputNode({ group: 'webauthn', name: result, type: 'hidden', value: '' }),
  ]
}

/** Whether nobody could sign in any more without a key. */
const isLast = (
  { credentials }: IdentityWithCredentials,
  { isPasswordless }: SecurityKey,
  rules: WebauthnSettingsDeps['rules'],
): boolean => isPasswordless && countFirstFactors(credentials, rules) < 2

async function add(
  deps: WebauthnSettingsDeps,
  { party, passwordless }: WebauthnSettings,
  { flow, identity, fields, now }: SettingsSubmission,
): Promise<Outcome<SettingsResult>> {
  const answer = readCreationAnswer(fields[result] as string)
  if (!answer) throw errors.badRequest('This is no answer of a security key.')
  const asked = askedIn(flow.ui, button)
  if (!asked || (await isUsed(deps.db, asked.challenge)))
    throw errors.badRequest('This form was used already. Please load the settings again.')
  const key = await verifyCreation({ party, challenge: asked.challenge, requireUserVerification: false }, answer)
  if (!key) throw errors.badRequest('This answer of the security key cannot be accepted. Please try again.')
  const { webauthn } = identity.credentials
  if (securityKeysOf(webauthn).some(({ id }) => id.equals(key.id)))
    return retry([{ node: result, message: messages.generic({ reason: 'You have added this security key already.' }) }])

  const config = withKey(webauthn?.config ?? {}, key, {
    displayName: fields[nameField] as string,
    isPasswordless: passwordless,
    addedAt: now,
  })
  const handle = webauthn?.config.user_handle ?? idHandle(identity.id).toString('base64')
  const changed = await applySchema(deps, withConfig(identity, { ...config, user_handle: handle }, now))
  if (changed.errors.length > 0) return retry(problemsFrom(changed.errors))
  if ((changed.identity.credentials.webauthn?.identifiers ?? []).length === 0)
    return retry([{ node: undefined, message: messages.noIdentifier() }])
  return done({
    identity: changed.identity,
    factor: { method: 'webauthn', aal: passwordless ? 'aal1' : 'aal2' },
    statements: [useChallenge(asked.challenge, flow.id)],
  })
}

async function remove(
  deps: WebauthnSettingsDeps,
  { identity, fields, now }: SettingsSubmission,
): Promise<Outcome<SettingsResult>> {
  const { webauthn } = identity.credentials
  const key = securityKeysOf(webauthn).find((each) => hexId(each) === fields[removal])
  if (!webauthn || !key) throw errors.badRequest('You have no such security key.')
  if (isLast(identity, key, deps.rules)) {
    const reason = 'Without this security key you could not sign in any more. Set up another way first.'
    return retry([{ node: removal, message: messages.generic({ reason }) }])
  }
  const changed = await applySchema(deps, withConfig(identity, withoutKey(webauthn.config, key), now))
  if (changed.errors.length > 0) return retry(problemsFrom(changed.errors))
  return done({ identity: changed.identity })
}

/** The identity with another configuration of its keys; without one it has no such credential. */
function withConfig(
  identity: IdentityWithCredentials,
  config: Record<string, Json> | undefined,
  now: Micros,
): IdentityWithCredentials {
  const { webauthn: old, ...others } = identity.credentials
  if (config === undefined) return { ...identity, credentials: others }
  const webauthn = changedCredential(
    old,
    { type: 'webauthn', identifiers: old?.identifiers ?? [], config, version: 1 },
    now,
  )
  return { ...identity, credentials: { ...others, webauthn } }
}
