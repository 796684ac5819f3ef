import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileIdentitySchema } from '../identities/schema/schema.ts'
import { messages } from '../ui/messages.ts'
import { inputNode, nodeId, nodeValue } from '../ui/node.ts'
import type { Ui } from './flow.ts'
import { findNode } from './form.ts'
import { traitNodes, withKnownTraitValues, withOnlyTraitValues, withTraitValues } from './trait-nodes.ts'

const schema = await compileIdentitySchema(
  JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        required: ['email'],
        properties: {
          email: { type: 'string', format: 'email', title: 'E-mail' },
          plan: { type: 'string', enum: ['free', 'paid'] },
          tags: { type: 'array', items: { type: 'string' }, title: 'Tags' },
          name: { type: 'object', properties: { first: { type: 'string' } } },
        },
      },
    },
  }),
)

const form = (): Ui => ({ action: '', method: 'POST', nodes: traitNodes(schema, 'default'), messages: [] })
const values = (ui: Ui) => Object.fromEntries(ui.nodes!.map((node) => [nodeId(node), nodeValue(node)]))

describe('nodes of traits', () => {
  it('stand for the leaves of the schema, with labels where there is a title', () => {
    const nodes = traitNodes(schema, 'profile')
    assert.deepEqual(nodes.map(nodeId), ['traits.email', 'traits.name.first', 'traits.plan', 'traits.tags'])
    assert.deepEqual(nodes[0], {
      type: 'input',
      group: 'profile',
      attributes: {
        name: 'traits.email',
        type: 'email',
        required: true,
        autocomplete: 'email',
        disabled: false,
        node_type: 'input',
      },
      messages: [],
      meta: {
        label: { id: 1070002, text: 'E-mail', type: 'info', context: { name: 'traits.email', title: 'E-mail' } },
      },
    })
    assert.deepEqual(nodes[1]!.meta, {})
    assert.deepEqual(nodes[2]!.attributes, {
      name: 'traits.plan',
      type: 'text',
      options: [{ value: 'free' }, { value: 'paid' }],
      disabled: false,
      node_type: 'input',
    })
  })

  it('show values; elements of lists and unknown members get nodes of their own', () => {
    const ui = withTraitValues(
      form(),
      { email: 'kim@shop.example', tags: ['a'], 'a.b': 5, agreed: true, nothing: null },
      'profile',
    )
    assert.deepEqual(values(ui), {
      'traits.email': 'kim@shop.example',
      'traits.name.first': undefined,
      'traits.plan': undefined,
      'traits.tags': undefined,
      'traits.tags.0': 'a',
      'traits.a\\.b': 5,
      'traits.agreed': true,
      'traits.nothing': undefined,
    })
    assert.deepEqual(
      ui.nodes!.slice(4).map(({ group, attributes }) => [group, attributes.node_type === 'input' && attributes.type]),
      [
        ['profile', 'text'],
        ['profile', 'number'],
        ['profile', 'checkbox'],
        ['profile', 'text'],
      ],
    )
    assert.equal(findNode(ui, 'traits.email')!.group, 'profile')
    assert.equal(findNode(ui, 'traits.plan')!.group, 'default')
  })

  it('can be emptied of what was shown before', () => {
    const before = withTraitValues(form(), { email: 'kim@shop.example', name: { first: 'Kim' } }, 'default')
    const ui = withOnlyTraitValues(
      { ...before, nodes: before.nodes!.map((node) => ({ ...node, messages: [messages.identifierTaken()] })) },
      { email: 'kit@shop.example' },
      'default',
    )
    assert.equal(values(ui)['traits.email'], 'kit@shop.example')
    assert.equal(values(ui)['traits.name.first'], undefined)
    assert.ok(ui.nodes!.every((node) => node.messages.length === 0))
  })

  it('can keep what was submitted without any new node', () => {
    const before = withTraitValues(form(), { name: { first: 'Kim' } }, 'default')
    const password = inputNode({ group: 'password', name: 'password', type: 'password' })
    const ui = withKnownTraitValues(
      { ...before, nodes: [...before.nodes!, password] },
      { email: 7, tags: ['a'], password: 'x', plan: null },
    )
    assert.deepEqual(values(ui), {
      'traits.email': 7,
      'traits.name.first': 'Kim',
      'traits.plan': undefined,
      'traits.tags': undefined,
      password: undefined,
    })
  })
})
