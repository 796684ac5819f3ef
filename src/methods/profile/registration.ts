import { credentialScreen, profileScreen } from '../../flows/registration/screens.ts'
import type { RegistrationMethod } from '../../flows/registration/method.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, methodNode } from '../../ui/node.ts'

/** The two screens that a submission may ask for. */
const screens = ['credential-selection', 'previous']

/**
 * The first of two steps: the traits are checked, and the form then asks for a credential. Nothing is stored but the form,
 * which carries the traits along, and which leads back.
 */
export const profileRegistration = (): RegistrationMethod => ({
  name: 'profile',
  // compat: whether profiles may be changed later has no say here – selfservice/strategy/profile/strategy_registration.go
  enabled: true,
  fields: [{ name: 'screen', type: 'string' }],
  claims: ({ method, screen }, { style }) =>
    style === 'two-steps' && (method === 'profile' || method === 'profile:back' || Boolean(screen)),
  nodes(screen) {
    switch (screen) {
      case 'everything':
        return []
      case 'profile':
        return [methodNode('profile', 'profile', messages.registrationButton())]
      case 'credentials':
        return [
          inputNode({
            group: 'profile',
            name: 'screen',
            type: 'submit',
            value: 'previous',
            label: messages.registrationBack(),
          }),
        ]
    }
  },
  check: ({ screen }) =>
    screen === undefined || screens.includes(screen as string)
      ? []
      : [
          {
            node: 'screen',
            message: messages.generic({ reason: `There is no such screen. Choose one of ${screens.join(', ')}.` }),
          },
        ],
  goesBack,
  submit({ fields, flow, schema, nodesOf }) {
    const form = { flow, schema }
    const ui = goesBack(fields)
      ? profileScreen(form, fields.traits, nodesOf('profile'))
      : credentialScreen(form, fields.traits, nodesOf('credentials'))
    return Promise.resolve({ kind: 'advance', ui })
  },
})

function goesBack({ method, screen }: Record<string, unknown>): boolean {
  return screen === 'previous' || (screen === undefined && method === 'profile:back')
}
