import {
  creationOptions,
  newChallenge,
  optionsText,
  readCreationAnswer,
  verifyCreation,
} from '../../crypto/webauthn.ts'
import { randomAlphanumeric } from '../../crypto/tokens.ts'
import type { Db } from '../../db/db.ts'
import { scriptNode, type HelperScript } from '../../flows/ceremony/form.ts'
import { isUsed, useChallenge } from '../../flows/ceremony/store.ts'
import type { Flow } from '../../flows/flow.ts'
import { done, retry } from '../../flows/outcome.ts'
import type { RegistrationMethod } from '../../flows/registration/method.ts'
import { withKey } from '../../identities/security-keys.ts'
import { isObject } from '../../lib/json.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode } from '../../ui/node.ts'
import { authenticatorName } from './authenticators.ts'
import { displayNameFields } from './display-name.ts'
import type { PasskeySettings } from './party.ts'

export type PasskeyRegistrationDeps = { db: Db; script: HelperScript }

const result = 'passkey_register'

/** What a flow remembers from its beginning: the same question on every screen. */
const memory = 'passkey_session_data'

/** How long a new user handle is: 64 bytes is the most that an authenticator keeps. */
export const handleLength = 64

/** Somebody new signs up with a passkey. */
export const passkeyRegistration = (
  { db, script }: PasskeyRegistrationDeps,
  { enabled, party, selection, attestation, userVerification, registrationTimeoutMs: timeoutMs }: PasskeySettings,
): RegistrationMethod => ({
  name: 'passkey',
  enabled,
  fields: [{ name: result, type: 'string' }],
  // Pages fill the field with `true` before the authenticator has answered.
  claims: (fields) => Boolean(fields[result]) && fields[result] !== 'true',
  remembers: () => ({ [memory]: { challenge: newChallenge(), user_handle: randomAlphanumeric(handleLength) } }),
  nodes(screen, { flow, schema }) {
    const asked = rememberedIn(flow)
    const fields = displayNameFields(schema)
    // Nobody could tell a passkey without a name from others.
    if (screen === 'profile' || !asked || fields.length === 0) return []
    const isPage = flow.type === 'browser'
    const user = { id: Buffer.from(asked.userHandle), name: party.name }
    const data = {
      credentialOptions: creationOptions({
        party,
        user,
        challenge: asked.challenge,
        timeoutMs,
        selection,
        attestation,
      }),
      displayNameFieldName: fields[0]!,
      displayNameFieldNames: fields,
    }
    return [
      inputNode({ group: 'passkey', name: 'passkey_create_data', type: 'hidden', value: optionsText(data) }),
      inputNode({
        group: 'passkey',
        name: 'passkey_register_trigger',
        type: 'button',
        ...(isPage ? { onclick: 'window.oryPasskeyRegistration()' } : {}),
        onclickTrigger: 'oryPasskeyRegistration',
        label: messages.registrationPasskeyButton(),
      }),
      ...(isPage ? [scriptNode(script)] : []),
      inputNode({ group: 'passkey', name: result, type: 'hidden' }),
    ]
  },
  async submit({ flow, fields, draft, now }) {
    const refused = (reason: string) => retry([{ node: undefined, message: messages.generic({ reason }) }])
    const answer = readCreationAnswer(fields[result] as string)
    if (!answer) return refused('This is no answer of a passkey.')
    const asked = rememberedIn(flow)
    if (!asked || (await isUsed(db, asked.challenge))) return refused('This form was used already. Please begin again.')
    const key = await verifyCreation(
      { party, challenge: asked.challenge, requireUserVerification: userVerification === 'required' },
      answer,
    )
    if (!key) return refused('This answer of the passkey cannot be accepted. Please try again.')
    const config = {
      ...withKey({}, key, { displayName: authenticatorName(key.aaguid), isPasswordless: true, addedAt: now }),
      user_handle: Buffer.from(asked.userHandle).toString('base64'),
    }
    const identifiers = [asked.userHandle]
    return done({
      identity: {
        ...draft,
        credentials: { passkey: { type: 'passkey', identifiers, config, version: 1, createdAt: now, updatedAt: now } },
      },
      factors: [{ method: 'passkey', aal: 'aal1' }],
      statements: [useChallenge(asked.challenge, flow.id)],
    })
  },
})

function rememberedIn({ internal }: Flow): { challenge: string; userHandle: string } | undefined {
  const data = internal[memory]
  if (!isObject(data) || typeof data.challenge !== 'string' || typeof data.user_handle !== 'string') return undefined
  return { challenge: data.challenge, userHandle: data.user_handle }
}
