import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { createJsonnet } from '../jsonnet.ts'
import { formatJsonnet } from './format.ts'
import { JsonnetSyntaxError } from './lexer.ts'
import { lintJsonnet } from './lint.ts'

const jsonnet = createJsonnet()
after(() => jsonnet.close())

/** Texts as people write them, and as they are usually written. */
const formats: [what: string, before: string, after: string][] = [
  ['spaces', '{a:1,b:[1,2],c:f(x,y=1)}', '{ a: 1, b: [1, 2], c: f(x, y=1) }\n'],
  ['operators', '1+2*-x==!y||a&&b', '1 + 2 * -x == !y || a && b\n'],
  ['quotes', `{"a": "b", "c-d": 'e', "f": "it's", "g": "\\"h\\""}`, `{ a: 'b', 'c-d': 'e', f: "it's", g: '"h"' }\n`],
  ['words that are no names', '{"if": 1, "then":2}', "{ 'if': 1, 'then': 2 }\n"],
  ['comments', '# one\n{ a: 1, // two\n# three\n}\n# four', '// one\n{ a: 1,  // two\n  // three\n}\n// four\n'],
  ['commas', '{\na: [1,2,],\nb: [\n1,\n2\n]\n}', '{\n  a: [1, 2],\n  b: [\n    1,\n    2,\n  ],\n}\n'],
  ['comprehensions', '[x*x for x in [1,2] if x>1]', '[x * x for x in [1, 2] if x > 1]\n'],
  ['tall comprehensions', '{\n[k]:1\nfor k in ["a"]\n}', "{\n  [k]: 1\n  for k in ['a']\n}\n"],
  ['slices', 'a[1:2]+b[::2]+c[ : -1 ]', 'a[1:2] + b[::2] + c[:-1]\n'],
  ['kinds of members', '{a::1,b:::2,c+:3,d+::4,e(x)::x,[f]:5}', '{ a:: 1, b::: 2, c+: 3, d+:: 4, e(x):: x, [f]: 5 }\n'],
  ['locals', 'local a=1,f(x,y=2)=x+y;\nf( a )', 'local a = 1, f(x, y=2) = x + y;\nf(a)\n'],
  ['asserts', '{assert x:"no",assert y}', "{ assert x : 'no', assert y }\n"],
  ['the root', '{a:$.b,c:-$.d}', '{ a: $.b, c: -$.d }\n'],
  ['conditions', 'if (a)then[1]else{}', 'if (a) then [1] else {}\n'],
  ['functions', 'function (ctx)\n{\na:ctx.b}', 'function(ctx)\n{\n  a: ctx.b }\n'],
  ['entries of several lines', '{\na:\n1\n+ 2,\nb: 3\n}', '{\n  a:\n    1\n    + 2,\n  b: 3,\n}\n'],
  ['blank lines', '\n\n{\n\n\n\n\na: 1\n}\n\n\n', '{\n\n\n  a: 1,\n}\n'],
  ['empty ones', '{a:{ },b:[ ],c:f( )}', '{ a: {}, b: [], c: f() }\n'],
  ['objects behind objects', '{a:1}{b:2}+x{c:3}', '{ a: 1 } { b: 2 } + x { c: 3 }\n'],
  ['verbatim texts', '@"a""b"+@\'c\'', '@"a""b" + @\'c\'\n'],
]

describe('a text is written as usual', () => {
  for (const [what, before, expected] of formats)
    test(what, () => {
      assert.equal(formatJsonnet(before), expected)
      assert.equal(formatJsonnet(expected), expected, 'and stays so')
    })

  test('texts of several lines keep every character', () => {
    const text = '{\n   a: |||\n      one\n        two\n   |||,\n}\n'
    assert.equal(formatJsonnet(text), '{\n  a: |||\n      one\n        two\n   |||,\n}\n')
  })
})

test('a mapper means the same to the engine, however it is written', async () => {
  const mapper = `
local claims = {email_verified:false}+std.extVar("claims");
local  join( parts , by = "-" )=std.join(by,parts) ;
{"identity":{traits:{
  [if "email" in claims&&claims.email_verified then "email" else null]:claims.email,
  tags:[std.asciiUpper(t) for t in claims.groups if t!="hidden"],
  name : join([claims.first,claims.last],by = " "),
  text: |||
    Dear %s,
      welcome
  ||| % claims.first,
  quote: "say \\"hi\\" it's",
  nested+:{a::1,b:self.a+1},
  sliced: claims.groups[0:2:1], n: - 1, root: $.identity.traits.name,
},},}`
  const claims = {
    email: 'ada@shop.example',
    email_verified: true,
    groups: ['a', 'hidden', 'b'],
    first: 'Ada',
    last: 'L',
  }
  const [before, after] = await Promise.all(
    [mapper, formatJsonnet(mapper)].map((text) => jsonnet.evaluateToText(text, { extVars: { claims } })),
  )
  assert.equal(after, before)
})

const faults: [text: string, findings: string[]][] = [
  [`local a = 1; a`, []],
  [`local a = 1, b = 2; a`, ['1:14 b is never used']],
  [`local f(x) = 1; f(2)`, []],
  [`local a = b, b = 1; a`, []],
  [`{ local x = 1, a: x, local y = 2 }`, ['1:28 y is never used']],
  [`{ a: b }`, ['1:6 no variable b']],
  [`[x for x in [1] if y]`, ['1:20 no variable y']],
  [`{ [k]: v for k in ['a'] for v in [k] }`, []],
  [`local a = 1, a = 2; a`, ['1:14 two variables a']],
  [`function(a, a) 1`, ['1:13 two parameters a']],
  [`{ a: 1, 'a': 2 }`, ['1:9 two members a']],
  [`self.a`, ['1:1 no self outside']],
  [`$.a + super.b`, ['1:1 no $ outside', '1:7 no super outside']],
  [`{ a: self.b, b: $.a, c: super.d }`, []],
  [`{ [self.a]: 1 }`, ['1:4 no self outside']],
  [`import 'x'`, ['1:1 Imports are not allowed']],
  [`local std = 1; std`, []],
  [`std.length([])`, []],
]

describe('mistakes are found', () => {
  for (const [text, expected] of faults)
    test(text, () => {
      const findings = lintJsonnet(text)
      assert.equal(findings.length, expected.length, JSON.stringify(findings))
      for (const [index, { at, message }] of findings.entries()) {
        const [, place, said] = /^(\S+) (.*)$/.exec(expected[index]!)!
        assert.equal(`${at.line}:${at.column}`, place)
        assert.ok(message.includes(said!), message)
      }
    })
})

describe('a text that is no Jsonnet is refused with its place, as the engine does', () => {
  const broken: [text: string, place: string][] = [
    ['{ a: 1', '1:7'],
    ['{ a 1 }', '1:5'],
    ['{\n  a: "x\n}', '2:6'],
    ['local a = 1', '1:12'],
    ['1 2', '1:3'],
    ['[1, , 2]', '1:5'],
    ['f(x', '1:4'],
    ['/* never', '1:1'],
    ['a ? b', '1:3'],
    ['if x 1', '1:6'],
    ['a[]', '1:3'],
    ['{ a: |||\nx\n||| }', '1:6'],
    ["{ a: 1, ['b']: 2 for x in [] }", '1:18'],
    ['('.repeat(2000), '1:501'],
  ]
  for (const [text, place] of broken)
    test(text.slice(0, 40), async () => {
      for (const work of [formatJsonnet, lintJsonnet])
        assert.throws(
          () => work(text),
          (error) => error instanceof JsonnetSyntaxError && `${error.at.line}:${error.at.column}` === place,
        )
      await assert.rejects(jsonnet.evaluate(text))
    })
})
