import { inlineSchemas, type ConfigPatch } from './server.ts'

/** The site of the stories with passkeys and security keys, and how it is known to authenticators. */
export const shop = { origin: 'https://shop.example', rpId: 'shop.example' }
export const shopParty = { id: shop.rpId, display_name: 'Shop', origins: [shop.origin] }

/** People with an address, which is their name for passwords and whatever else is said, and a name. */
export function shopSchemas(credentials: Record<string, unknown>): ConfigPatch {
  const email = {
    type: 'string',
    format: 'email',
    'ory.sh/kratos': { credentials: { password: { identifier: true }, ...credentials } },
  }
  const traits = {
    type: 'object',
    required: ['email'],
    additionalProperties: false,
    properties: { email, name: { type: 'string' } },
  }
  return { schemas: inlineSchemas({ type: 'object', properties: { traits } }) }
}
