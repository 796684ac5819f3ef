import { randomBytes } from '../../crypto/random.ts'
import { creationOptions, newChallenge, readCreationAnswer, verifyCreation } from '../../crypto/webauthn.ts'
import type { Db } from '../../db/db.ts'
import { optionsButton, scriptNode, type HelperScript } from '../../flows/ceremony/form.ts'
import { isUsed, useChallenge } from '../../flows/ceremony/store.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { mapNodes } from '../../flows/form.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { RegistrationMethod } from '../../flows/registration/method.ts'
import { withKey } from '../../identities/security-keys.ts'
import { isObject } from '../../lib/json.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, nodeId, withValue } from '../../ui/node.ts'
import { timeoutMs, type WebauthnSettings } from './party.ts'

export type WebauthnRegistrationDeps = { db: Db; script: HelperScript }

const nameField = 'webauthn_register_displayname'
const result = 'webauthn_register'

/** What a flow remembers from its beginning: the same question on every screen. */
const memory = 'webauthn_session_data'

/** Somebody new brings a security key as their first factor. Browsers only. */
export const webauthnRegistration = (
  { db, script }: WebauthnRegistrationDeps,
  { enabled, passwordless, party }: WebauthnSettings,
): RegistrationMethod => ({
  name: 'webauthn',
  enabled,
  fields: [
    { name: result, type: 'string' },
    { name: nameField, type: 'string' },
  ],
  claims: (fields, { flow }) => passwordless && flow.type === 'browser' && Boolean(fields[result]),
  remembers: ({ type }) =>
    passwordless && type === 'browser'
      ? { [memory]: { challenge: newChallenge(), user_handle: randomBytes(16).toString('base64') } }
      : {},
  nodes(screen, { flow }) {
    const asked = rememberedIn(flow)
    if (screen === 'profile' || !asked) return []
    const options = creationOptions({
      party,
      user: { id: asked.userHandle, name: party.name },
      challenge: asked.challenge,
      timeoutMs,
      selection: { userVerification: 'discouraged' },
    })
    return [
      inputNode({ group: 'webauthn', name: nameField, type: 'text', value: '', label: messages.labelKeyName() }),
      optionsButton('webauthn_register_trigger', 'oryWebAuthnRegistration', options, messages.registrationKeyButton()),
      scriptNode(script),
      inputNode({ group: 'webauthn', name: result, type: 'hidden', value: '' }),
    ]
  },
  async submit({ flow, fields, draft, derived, now }) {
    const displayName = (fields[nameField] as string | undefined) ?? ''
    const refused = (reason: string) =>
      retry([{ node: undefined, message: messages.generic({ reason }) }], withName(flow.ui, displayName))
    const answer = readCreationAnswer(fields[result] as string)
    if (!answer) return refused('This is no answer of a security key.')
    const asked = rememberedIn(flow)
    if (!asked || (await isUsed(db, asked.challenge))) return refused('This form was used already. Please begin again.')
    const key = await verifyCreation({ party, challenge: asked.challenge, requireUserVerification: false }, answer)
    if (!key) return refused('This answer of the security key cannot be accepted. Please try again.')
    const identifiers = derived.webauthnIdentifiers
    if (identifiers.length === 0) return retry([{ node: undefined, message: messages.noIdentifier() }])
    const config = {
      ...withKey({}, key, { displayName, isPasswordless: true, addedAt: now }),
      user_handle: asked.userHandle.toString('base64'),
    }
    return done({
      identity: {
        ...draft,
        credentials: {
          webauthn: { type: 'webauthn', identifiers, config, version: 1, createdAt: now, updatedAt: now },
        },
      },
      factors: [{ method: 'webauthn', aal: 'aal1' }],
      statements: [useChallenge(asked.challenge, flow.id)],
    })
  },
})

function rememberedIn({ internal }: Flow): { challenge: string; userHandle: Buffer } | undefined {
  const data = internal[memory]
  if (!isObject(data) || typeof data.challenge !== 'string' || typeof data.user_handle !== 'string') return undefined
  return { challenge: data.challenge, userHandle: Buffer.from(data.user_handle, 'base64') }
}

/** Nobody has a longer name for a key; what failed submissions leave behind in the database is bounded. */
const maxKeptLength = 1024

const withName = (ui: Ui, name: string): Ui =>
  mapNodes(ui, (node) => (nodeId(node) === nameField && name.length <= maxKeptLength ? withValue(node, name) : node))
