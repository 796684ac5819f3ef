import Type from 'typebox'
import { anyJson, body, choice, openObject } from '../http/schema.ts'

// What the methods take, for the description of the API. They are read by `flows/decode.ts`, at its place in the order of
// checks, and what they hold is judged there.

const csrf = Type.Optional(Type.String({ description: 'The value of the form field of that name; browsers need it.' }))
const beside = {
  csrf_token: csrf,
  transient_payload: Type.Optional(openObject('Passed on to web hooks, never stored.')),
}
const method = <const Name extends string>(name: Name) => ({ method: Type.Literal(name) })
const traits = anyJson('What is known about the person, in the shape of the identity schema.')

export const loginBodies = [
  body('updateLoginFlowWithPasswordMethod', {
    ...method('password'),
    identifier: Type.String({ description: 'An e-mail address, user name …' }),
    password_identifier: Type.Optional(Type.String({ deprecated: true, description: 'The older name of identifier.' })),
    password: Type.String(),
    ...beside,
  }),
  body('updateLoginFlowWithIdentifierFirstMethod', {
    ...method('identifier_first'),
    identifier: Type.String(),
    ...beside,
  }),
]

export const registrationBodies = [
  body('updateRegistrationFlowWithPasswordMethod', {
    ...method('password'),
    password: Type.String(),
    traits,
    ...beside,
  }),
  body('updateRegistrationFlowWithProfileMethod', {
    ...method('profile'),
    traits,
    screen: Type.Optional(choice(['credential-selection', 'previous'])),
    ...beside,
  }),
]

export const settingsBodies = [
  body('updateSettingsFlowWithPasswordMethod', { ...method('password'), password: Type.String(), ...beside }),
  body('updateSettingsFlowWithProfileMethod', { ...method('profile'), traits, ...beside }),
]
