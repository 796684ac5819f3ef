import { LRUCache } from 'lru-cache'
import {
  creationOptions,
  newChallenge,
  optionsText,
  readCreationAnswer,
  verifyCreation,
} from '../../crypto/webauthn.ts'
import { randomAlphanumeric } from '../../crypto/tokens.ts'
import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { removeButton, scriptNode, type HelperScript } from '../../flows/ceremony/form.ts'
import { isUsed, useChallenge } from '../../flows/ceremony/store.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { mapNodes, problemsFrom } from '../../flows/form.ts'
import { done, retry, type Outcome } from '../../flows/outcome.ts'
import type {
  SettingsForm,
  SettingsMethod,
  SettingsPart,
  SettingsResult,
  SettingsSubmission,
} from '../../flows/settings/method.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { handleIdentifier } from '../../identities/import.ts'
import { hexId, securityKeysOf, withKey, withoutKey } from '../../identities/security-keys.ts'
import { applySchema, changedCredential, type SchemaDeps } from '../../identities/update.ts'
import type { Micros } from '../../lib/clock.ts'
import { countFirstFactors } from '../../sessions/assurance.ts'
import { isPrivileged } from '../../sessions/session.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, nodeId, withValue } from '../../ui/node.ts'
import { authenticatorName } from './authenticators.ts'
import { displayNameOf } from './display-name.ts'
import type { PasskeySettings } from './party.ts'
import { handleLength } from './registration.ts'

export type PasskeySettingsDeps = SchemaDeps & { db: Db; script: HelperScript; privilegedAgeMicros: Micros }

const question = 'passkey_create_data'
const result = 'passkey_settings_register'
const removal = 'passkey_remove'

/** Adds passkeys to the signed-in identity, and takes them away. */
export const passkeySettingsMethod = (deps: PasskeySettingsDeps, settings: PasskeySettings): SettingsMethod => ({
  name: 'passkey',
  enabled: settings.enabled,
  fields: [result, removal].map((name) => ({ name, type: 'string' })),
  allowsGet: true,
  claims: (fields) => Boolean(fields[result]) || Boolean(fields[removal]),
  draw: (form) => partFor(deps, form),
  show: (ui, flow) => show(settings, ui, flow),
  async submit(submission) {
    const { session, fields, now } = submission
    if (!isPrivileged(session, deps.privilegedAgeMicros, now)) return { kind: 'refresh' }
    return fields[removal] ? remove(deps, submission) : add(deps, settings, submission)
  },
})

/** What a form asks an authenticator for a new passkey: all of it that differs from form to form. */
type Asked = { challenge: string; handle: string; name: string; exclude: { id: string; transports: string[] }[] }

function partFor({ rules, script }: PasskeySettingsDeps, { flow, identity, schema }: SettingsForm): SettingsPart {
  const isPage = flow.type === 'browser'
  const keys = securityKeysOf(identity.credentials.passkey)
  const disabled = countFirstFactors(identity.credentials, rules) < 2
  const removes = keys.map((key) => removeButton('passkey', key, { label: messages.labelRemovePasskey, disabled }))
  const name = displayNameOf(schema, identity.traits)
  if (name === '') return { nodes: removes, messages: [messages.noIdentifier()] }
  const asked: Asked = {
    challenge: newChallenge(),
    // Each passkey has a handle of its own; all of them lead to the person.
    handle: randomAlphanumeric(handleLength),
    name,
    exclude: keys.map(({ id, transports }) => ({ id: id.toString('base64url'), transports: [...transports] })),
  }
  return {
    nodes: [
      ...removes,
      ...(isPage ? [scriptNode(script)] : []),
      inputNode({
        group: 'passkey',
        name: 'passkey_register_trigger',
        type: 'button',
        value: '',
        ...(isPage ? { onclick: 'window.oryPasskeySettingsRegistration()' } : {}),
        onclickTrigger: 'oryPasskeySettingsRegistration',
        label: messages.addPasskeyButton(),
      }),
      inputNode({ group: 'passkey', name: result, type: 'hidden' }),
      inputNode({ group: 'passkey', name: question, type: 'hidden', value: unasked }),
    ],
    internal: { passkey: asked },
  }
}

/** Has the question's place in the stored form, and in the order of its fields. */
const unasked = '{}'

/** A form is shown at once, and mostly read once more soon. */
const questions = new LRUCache<string, string>({ max: 200, ttl: 10 * 60 * 1000 })

/** The question is longer than the rest of the form, and most of it is the same in all: it comes in where the form is shown. */
function show(settings: PasskeySettings, ui: Ui, flow: Flow): Ui {
  const asked = askedBy(flow)
  if (!asked) return ui
  const text = questions.get(asked.challenge) ?? questionOf(settings, asked)
  questions.set(asked.challenge, text)
  return mapNodes(ui, (node) => (nodeId(node) === question ? withValue(node, text) : node))
}

const askedBy = ({ internal }: Flow): Asked | undefined => internal['passkey'] as Asked | undefined

const questionOf = (
  { party, selection, attestation, registrationTimeoutMs: timeoutMs }: PasskeySettings,
  { challenge, handle, name, exclude }: Asked,
): string =>
  optionsText(
    creationOptions({
      party,
      user: { id: Buffer.from(handle), name },
      challenge,
      timeoutMs,
      exclude: exclude.map(({ id, transports }) => ({ id: Buffer.from(id, 'base64url'), transports })),
      selection,
      attestation,
    }),
  )

async function add(
  deps: PasskeySettingsDeps,
  { party, userVerification }: PasskeySettings,
  { flow, identity, fields, now }: SettingsSubmission,
): Promise<Outcome<SettingsResult>> {
  const answer = readCreationAnswer(fields[result] as string)
  if (!answer) throw errors.badRequest('This is no answer of a passkey.')
  const asked = askedBy(flow)
  if (!asked || (await isUsed(deps.db, asked.challenge)))
    throw errors.badRequest('This form was used already. Please load the settings again.')
  const key = await verifyCreation(
    { party, challenge: asked.challenge, requireUserVerification: userVerification === 'required' },
    answer,
  )
  if (!key) throw errors.badRequest('This answer of the passkey cannot be accepted. Please try again.')
  const { passkey: old, ...others } = identity.credentials
  if (securityKeysOf(old).some(({ id }) => id.equals(key.id)))
    return retry([{ node: result, message: messages.generic({ reason: 'You have added this passkey already.' }) }])

  const userHandle = Buffer.from(asked.handle).toString('base64')
  const named = { displayName: authenticatorName(key.aaguid), isPasswordless: true, addedAt: now }
  const passkey = changedCredential(
    old,
    {
      type: 'passkey',
      identifiers: [...(old?.identifiers ?? []), handleIdentifier(userHandle)],
      config: { ...withKey(old?.config ?? {}, key, named), user_handle: userHandle },
      version: 1,
    },
    now,
  )
  const changed = await applySchema(deps, { ...identity, credentials: { ...others, passkey } })
  if (changed.errors.length > 0) return retry(problemsFrom(changed.errors))
  return done({
    identity: changed.identity,
    factor: { method: 'passkey', aal: 'aal1' },
    statements: [useChallenge(asked.challenge, flow.id)],
  })
}

async function remove(
  deps: PasskeySettingsDeps,
  { identity, fields, now }: SettingsSubmission,
): Promise<Outcome<SettingsResult>> {
  const { passkey: old, ...others } = identity.credentials
  const key = securityKeysOf(old).find((each) => hexId(each) === fields[removal])
  if (!old || !key) throw errors.badRequest('You have no such passkey.')
  if (countFirstFactors(identity.credentials, deps.rules) < 2) {
    const reason = 'Without this passkey you could not sign in any more. Set up another way first.'
    return retry([{ node: removal, message: messages.generic({ reason }) }])
  }
  const config = withoutKey(old.config, key)
  const { identifiers } = old
  const credentials: IdentityWithCredentials['credentials'] =
    config === undefined
      ? others
      : { ...others, passkey: changedCredential(old, { type: 'passkey', identifiers, config, version: 1 }, now) }
  const changed = await applySchema(deps, { ...identity, credentials })
  if (changed.errors.length > 0) return retry(problemsFrom(changed.errors))
  return done({ identity: changed.identity })
}
