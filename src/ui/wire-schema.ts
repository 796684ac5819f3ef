import Type, { type Static } from 'typebox'
import { choice, mapOf, named } from '../http/schema.ts'
import type { Json } from '../lib/json.ts'

export const uiText = named(
  'uiText',
  {
    id: Type.Integer({ description: 'Public and never reused: clients translate by it.' }),
    text: Type.String(),
    type: choice(['info', 'error', 'success']),
    context: Type.Optional(
      Type.Unsafe<Record<string, Json>>({
        type: 'object',
        additionalProperties: true,
        description: 'The values that stand in the text.',
      }),
    ),
  },
  'A text for people.',
)
export type UiText = Static<typeof uiText>

const nodeGroups = [
  'default',
  'password',
  'oidc',
  'profile',
  'link',
  'code',
  'totp',
  'lookup_secret',
  'webauthn',
  'passkey',
  'identifier_first',
] as const
export type NodeGroup = (typeof nodeGroups)[number]

const inputTypes = [
  'text',
  'password',
  'number',
  'checkbox',
  'hidden',
  'email',
  'tel',
  'submit',
  'button',
  'datetime-local',
  'date',
  'url',
] as const

const value = Type.Unsafe<Json>({ description: 'Any JSON.' })
const id = Type.String({ description: 'Tells nodes of a form apart.' })

const inputAttributes = named('uiNodeInputAttributes', {
  name: Type.String(),
  type: choice(inputTypes),
  value: Type.Optional(value),
  required: Type.Optional(Type.Literal(true)),
  autocomplete: Type.Optional(Type.String()),
  pattern: Type.Optional(Type.String()),
  disabled: Type.Boolean(),
  onclick: Type.Optional(Type.String({ deprecated: true })),
  onclickTrigger: Type.Optional(
    Type.String({ description: 'Name of the function of the helper script that a click calls.' }),
  ),
  onload: Type.Optional(Type.String({ deprecated: true })),
  onloadTrigger: Type.Optional(
    Type.String({ description: 'Name of the function of the helper script that is called at once.' }),
  ),
  maxlength: Type.Optional(Type.Integer({ minimum: 1 })),
  options: Type.Optional(Type.Array(named('uiNodeInputAttributesOption', { value }))),
  node_type: Type.Literal('input'),
})
export type InputAttributes = Static<typeof inputAttributes>

const attributes = Type.Union(
  [
    inputAttributes,
    named('uiNodeImageAttributes', {
      src: Type.String(),
      id,
      width: Type.Integer(),
      height: Type.Integer(),
      node_type: Type.Literal('img'),
    }),
    named('uiNodeAnchorAttributes', { href: Type.String(), title: uiText, id, node_type: Type.Literal('a') }),
    named('uiNodeTextAttributes', { text: uiText, id, node_type: Type.Literal('text') }),
    named('uiNodeScriptAttributes', {
      src: Type.String(),
      async: Type.Boolean(),
      referrerpolicy: Type.String(),
      crossorigin: Type.String(),
      integrity: Type.String(),
      type: Type.String(),
      id,
      nonce: Type.String(),
      node_type: Type.Literal('script'),
    }),
    named('uiNodeDivisionAttributes', {
      class: Type.Optional(Type.String()),
      id,
      data: Type.Optional(mapOf(Type.String())),
      node_type: Type.Literal('div'),
    }),
  ],
  { $id: 'uiNodeAttributes' },
)

export const uiNode = named(
  'uiNode',
  {
    type: choice(['input', 'img', 'a', 'text', 'script', 'div']),
    group: choice(nodeGroups),
    attributes,
    messages: Type.Array(uiText),
    meta: named('uiNodeMeta', { label: Type.Optional(uiText) }),
  },
  'One element of a form.',
)
/** As it goes over the wire and is stored. Never changed in place. */
export type UiNode = Static<typeof uiNode>

export const uiContainer = named(
  'uiContainer',
  {
    action: Type.String({ description: 'Where the form is sent.' }),
    method: choice(['POST', 'GET']),
    nodes: Type.Union([Type.Array(uiNode), Type.Null()], { description: 'Null when no method has anything to ask.' }),
    messages: Type.Optional(Type.Array(uiText)),
  },
  'A form: everything that a page has to show.',
)
export type UiContainer = Static<typeof uiContainer>
