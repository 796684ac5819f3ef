import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseLossless } from '../lib/json.ts'
import { applyPatch, PatchError, readPatch } from './json-patch.ts'

function patched(document: string, operations: unknown): string {
  const tree = parseLossless(document) as Record<string, unknown>
  applyPatch(tree, readPatch(operations))
  return JSON.stringify(tree)
}

const refuses = (document: string, ...operations: unknown[]) =>
  assert.throws(() => patched(document, operations), PatchError, JSON.stringify(operations))

describe('JSON patch', () => {
  test('members are added, replaced and removed', () => {
    assert.equal(patched('{"a":1}', [{ op: 'add', path: '/b', value: 2 }]), '{"a":1,"b":2}')
    assert.equal(patched('{"a":1}', [{ op: 'replace', path: '/a', value: { c: 3 } }]), '{"a":{"c":3}}')
    assert.equal(patched('{"a":1,"b":2}', [{ op: 'remove', path: '/a' }]), '{"b":2}')
  })

  test('replacing a member that is missing adds it', () => {
    assert.equal(patched('{}', [{ op: 'replace', path: '/a', value: 1 }]), '{"a":1}')
  })

  test('objects on the way are made, also in the place of null', () => {
    assert.equal(patched('{}', [{ op: 'add', path: '/a/b/c', value: 1 }]), '{"a":{"b":{"c":1}}}')
    assert.equal(patched('{"a":null}', [{ op: 'add', path: '/a/b', value: 1 }]), '{"a":{"b":1}}')
    assert.equal(patched('{}', [{ op: 'add', path: '/a/-', value: 1 }]), '{"a":[1]}')
  })

  test('what is no object is not walked through', () => {
    refuses('{"a":1}', { op: 'add', path: '/a/b', value: 1 })
    refuses('{"a":"text"}', { op: 'add', path: '/a/0', value: 1 })
    refuses('{"a":1.10}', { op: 'replace', path: '/a/rawJSON', value: '2' })
  })

  test('elements of lists are added before a place, at the end, replaced and removed', () => {
    assert.equal(patched('{"a":[1,2]}', [{ op: 'add', path: '/a/0', value: 0 }]), '{"a":[0,1,2]}')
    assert.equal(patched('{"a":[1,2]}', [{ op: 'add', path: '/a/2', value: 3 }]), '{"a":[1,2,3]}')
    assert.equal(patched('{"a":[1,2]}', [{ op: 'add', path: '/a/-', value: 3 }]), '{"a":[1,2,3]}')
    assert.equal(patched('{"a":[1,2]}', [{ op: 'replace', path: '/a/1', value: 9 }]), '{"a":[1,9]}')
    assert.equal(patched('{"a":[1,{"b":2}]}', [{ op: 'remove', path: '/a/1/b' }]), '{"a":[1,{}]}')
  })

  test('places beyond a list, with leading zeros or below zero are refused', () => {
    for (const place of ['3', '00', '01', '-1', 'x', '']) {
      refuses('{"a":[1,2]}', { op: 'add', path: `/a/${place}`, value: 1 })
      refuses('{"a":[1,2]}', { op: 'remove', path: `/a/${place}` })
    }
    refuses('{"a":[1,2]}', { op: 'replace', path: '/a/2', value: 1 })
    refuses('{"a":[1,2]}', { op: 'replace', path: '/a/-', value: 1 })
  })

  test('a member that could be a place of a list is replaced only if it is there', () => {
    refuses('{"a":{}}', { op: 'replace', path: '/a/-', value: 1 })
    refuses('{"a":{}}', { op: 'replace', path: '/a/0', value: 1 })
    assert.equal(patched('{"a":{"0":1}}', [{ op: 'replace', path: '/a/0', value: 2 }]), '{"a":{"0":2}}')
  })

  test('slashes and tildes in names are escaped', () => {
    assert.equal(
      patched('{"a/b":1,"m~n":2,"~1":3}', [
        { op: 'replace', path: '/a~1b', value: 4 },
        { op: 'replace', path: '/m~0n', value: 5 },
        { op: 'replace', path: '/~01', value: 6 },
      ]),
      '{"a/b":4,"m~n":5,"~1":6}',
    )
  })

  test('the empty name is a name', () => {
    assert.equal(patched('{"":1}', [{ op: 'replace', path: '/', value: 2 }]), '{"":2}')
  })

  test('prototypes of objects are out of reach', () => {
    assert.equal(
      patched('{}', [{ op: 'add', path: '/__proto__/polluted', value: true }]),
      '{"__proto__":{"polluted":true}}',
    )
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    refuses('{}', { op: 'remove', path: '/constructor/name' })
    assert.equal(patched('{}', [{ op: 'add', path: '/constructor/x', value: 1 }]), '{"constructor":{"x":1}}')
  })

  test('numbers that nobody touches keep their spelling', () => {
    assert.equal(
      patched('{"a":1.10,"b":12345678901234567890}', [{ op: 'add', path: '/c', value: 1 }]),
      '{"a":1.10,"b":12345678901234567890,"c":1}',
    )
  })

  test('what is missing is not removed', () => {
    refuses('{"a":{}}', { op: 'remove', path: '/b' })
    refuses('{"a":{}}', { op: 'remove', path: '/a/b' })
    refuses('{"a":{}}', { op: 'remove', path: '/b/c' })
  })

  test('patches of another kind are refused', () => {
    for (const patch of [{}, 'text', 7, true]) assert.throws(() => readPatch(patch), PatchError)
    for (const op of ['test', 'move', 'copy', 'destroy', undefined])
      refuses('{}', { op, path: '/a', from: '/b', value: 1 })
    refuses('{}', 1)
    refuses('{}', null)
    refuses('{}', { op: 'add', path: '/a' })
    refuses('{}', { op: 'add', value: 1 })
    refuses('{}', { op: 'add', path: 'a', value: 1 })
    refuses('{}', { op: 'add', path: '', value: 1 })
    refuses('{}', { op: 'add', path: '/a'.repeat(101), value: 1 })
  })

  test('null and an empty list change nothing', () => {
    assert.equal(patched('{"a":1}', null), '{"a":1}')
    assert.equal(patched('{"a":1}', []), '{"a":1}')
  })

  test('a patch has an end', () => {
    assert.throws(
      () => readPatch(Array.from({ length: 1001 }, () => ({ op: 'add', path: '/a', value: 1 }))),
      PatchError,
    )
  })
})
