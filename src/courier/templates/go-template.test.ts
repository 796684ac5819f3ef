import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileTemplate, GoStruct, TemplateError, type GoMap } from './go-template.ts'

const fill = (source: string, data: GoMap = {}, mode: 'text' | 'html' = 'text') =>
  compileTemplate(mode, { name: 'mail.gotmpl', source })(new GoStruct(data))

/** Each template with what it has to read, filled in with the same data. */
function reads(data: GoMap, rows: Record<string, string>, mode: 'text' | 'html' = 'text') {
  for (const [source, expected] of Object.entries(rows)) assert.equal(fill(source, data, mode), expected, source)
}

const failsWith = (source: string, expected: RegExp, data: GoMap = {}) =>
  assert.throws(
    () => fill(source, data),
    (error: unknown) => {
      assert.ok(error instanceof TemplateError)
      assert.match(error.message, expected)
      return true
    },
  )

test('values are printed as Go prints them', () => {
  reads(
    {
      To: 'ada@example.test',
      Minutes: 60n,
      Float: 1234567,
      Half: 0.5,
      Tiny: 0.00001,
      List: ['a', 2, null],
      Map: { b: 1, a: true },
      Nothing: null,
      On: true,
    },
    {
      'Hi {{ .To }}!': 'Hi ada@example.test!',
      '{{.Minutes}} {{.Float}} {{.Half}} {{.Tiny}} {{.On}}': '60 1.234567e+06 0.5 1e-05 true',
      '{{ .List }} {{ .Map }}': '[a 2 <nil>] map[a:true b:1]',
      '{{ .Nothing }} {{ .Map.zzz }}': '<no value> <no value>',
      '{{ "a\\tb\\u00e9" }} {{ `raw \\t` }} {{ \'a\' }} {{ 0x10 }} {{ 1_000 }} {{ 1.5e3 }} {{ -3 }}':
        'a\tbé raw \\t 97 16 1000 1500 -3',
    },
  )
})

test('trim markers take the white space on their side, comments leave nothing', () => {
  reads(
    { A: 'x' },
    {
      'a \n {{- .A -}} \n b': 'axb',
      'a {{/* nothing {{ here }} */}} b': 'a  b',
      'a {{- /* nothing */ -}} b': 'ab',
      '{{.A}}-{{- .A}}': 'x-x',
    },
  )
})

test('conditions, else if, with and their variables', () => {
  reads(
    { A: '', B: 'b', Name: { first: 'Ada' }, Gone: null },
    {
      '{{ if .A }}1{{ else if eq .B "a" }}2{{ else if eq .B "b" "c" }}3{{ else }}4{{ end }}': '3',
      '{{ with .Name }}{{ .first }} {{ $.B }}{{ else }}nobody{{ end }}': 'Ada b',
      '{{ with .Gone }}x{{ else with .B }}{{ . }}{{ end }}': 'b',
      '{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}': '2',
      '{{ with $n := .Name }}{{ $n.first }}{{ end }}': 'Ada',
      '{{ (index .Name "first") }} {{ (.Name).first }}': 'Ada Ada',
    },
  )
  failsWith('{{ if true }}{{ $y := 3 }}{{ end }}{{ $y }}', /mail\.gotmpl:1: There is no variable \$y/)
})

test('range goes through lists, maps in order of their keys, and numbers', () => {
  reads(
    { List: ['a', 'b', 'c'], Map: { z: 1, a: 2 }, Empty: [] },
    {
      '{{ range $i, $x := .List }}{{ if $i }}, {{ end }}{{ $x }}{{ end }}': 'a, b, c',
      '{{ range .List }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ end }}': 'ac',
      '{{ range .List }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}': 'a',
      '{{ range $k, $v := .Map }}{{ $k }}={{ $v }};{{ end }}': 'a=2;z=1;',
      '{{ range .Empty }}x{{ else }}none{{ end }}': 'none',
      '{{ range 3 }}{{ . }}{{ end }}': '012',
      '{{ $last := "" }}{{ range .List }}{{ $last = . }}{{ end }}{{ $last }}': 'c',
    },
  )
  failsWith('{{ range .To }}{{ end }}', /:1: It is not possible to go through a string/, { To: 'x' })
})

test('templates are defined and called, with an argument of their own', () => {
  reads(
    { To: 'ada' },
    {
      '{{ define "greeting" }}<<{{ . }}>>{{ end }}{{ template "greeting" "you" }}': '<<you>>',
      '{{ block "title" .To }}[{{ . }}]{{ end }}': '[ada]',
      '{{ template "later" . }}{{ define "later" }}{{ .To }}{{ $.To }}{{ end }}': 'adaada',
    },
  )
  const companion = { name: 'email.body.de.gotmpl', source: 'Hallo {{ .To }}{{ define "gruss" }}Tschüss{{ end }}' }
  const main = { name: 'email.body.gotmpl', source: '{{ template "email.body.de.gotmpl" . }} {{ template "gruss" }}' }
  assert.equal(compileTemplate('text', main, [companion])(new GoStruct({ To: 'Ada' })), 'Hallo Ada Tschüss')
})

test('pipelines hand a value on as the last argument', () => {
  reads(
    { To: 'ada@example.test', Nothing: null, List: ['a', 'b'] },
    {
      '{{ .To | upper | trunc 3 }}': 'ADA',
      '{{ "a b" | replace " " "_" | quote }}': '"a_b"',
      '{{ default "none" .Nothing }} {{ .Nothing | default 5 }}': 'none 5',
      '{{ join "+" .List }} {{ add 1 2 }} {{ title "jane doe" }} {{ contains "ice" "alice" }}': 'a+b 3 Jane Doe true',
      '{{ and true .Nothing }} {{ or "" "x" }} {{ not true }} {{ lt 1 2 }} {{ and .Nothing .Nothing.x }}':
        '<no value> x false true <no value>',
      '{{ printf "%s/%d/%05.1f|%-4s|%4s|%q|%x|%t|%v" "t" 60 2.5 "a" "b" "c" "hi" true .List }}':
        't/60/002.5|a   |   b|"c"|6869|true|[a b]',
      '{{ printf "%d %s" 1 }} {{ printf "%d" "x" }} {{ printf "x" 1 }}':
        '1 %!s(MISSING) %!d(string=x) x%!(EXTRA int=1)',
      '{{ len .List }} {{ index .List 1 }} {{ slice .To 0 3 }} {{ len "é" }}': '2 b ada 2',
      '{{ eq 1 1.0 }} {{ eq "1" 1 }} {{ ne .To "x" }} {{ ge 2 2 }}': 'true false true true',
    },
  )
})

test('functions of Sprig that depend on nothing but their values', () => {
  reads(
    { Map: { name: 'ada', deep: { a: 1 } }, List: ['b', 'a', 'b'] },
    {
      '{{ dict "a" 1 "b" (list 1 2) | toJson }}': '{"a":1,"b":[1,2]}',
      '{{ toJson "<&>" }} {{ toRawJson "<&>" }}': '"\\u003c\\u0026\\u003e" "<&>"',
      '{{ (fromJson "{\\"a\\":[1]}").a }}': '[1]',
      '{{ uniq .List }} {{ sortAlpha .List }} {{ reverse .List }} {{ has "a" .List }} {{ without .List "a" }}':
        '[b a] [a b b] [b a b] true [b b]',
      '{{ hasKey .Map "name" }} {{ get .Map "x" }}| {{ keys .Map }} {{ dig "deep" "a" 0 .Map }} {{ dig "no" 7 .Map }}':
        'true | [deep name] 1 7',
      '{{ ternary "y" "n" true }} {{ coalesce "" "x" }} {{ empty 0 }} {{ plural "one" "many" 2 }}': 'y x true many',
      '{{ snakecase "FirstName" }} {{ camelcase "first_name" }} {{ kebabcase "First Name" }}':
        'first_name FirstName first-name',
      '{{ indent 2 "a\\nb" }}|{{ nindent 1 "c" }}|{{ wrap 5 "aa bb cc" }}': '  a\n  b|\n c|aa bb\ncc',
      '{{ regexMatch "^a+$" "aaa" }} {{ regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W$$" }} {{ regexReplaceAllLiteral "a" "aba" "$1" }}':
        'true -W$-xxW$- $1b$1',
      '{{ b64enc "hi" }} {{ b64dec "aGk=" }} {{ b32enc "hi" }} {{ b32dec "NBUQ====" }} {{ sha256sum "" | trunc 8 }}':
        'aGk= hi NBUQ==== hi e3b0c442',
      '{{ round 3.14159 2 }} {{ div 7 2 }} {{ mod 7 2 }} {{ max 1 5 3 }} {{ until 3 }} {{ seq 1 3 }}':
        '3.14 3 1 5 [0 1 2] 1 2 3',
      '{{ trimPrefix "a" "ab" }}{{ trimSuffix "b" "ab" }}{{ trimAll "x" "xax" }} {{ substr 1 3 "abcd" }} {{ abbrev 5 "abcdefgh" }} {{ trunc -2 "abc" }}':
        'baa bc ab... bc',
      '{{ (split "," "a,b")._1 }} {{ splitList "," "a,b" }} {{ repeat 3 "ab" }} {{ cat "a" 1 }}': 'b [a b] ababab a 1',
      '{{ kindOf .List }} {{ typeOf 1.5 }} {{ kindIs "string" "x" }}': 'slice float64 true',
    },
  )
  failsWith('{{ fail "not today" }}', /:1: "fail": not today/)
})

test('what does not exist stops the parser and names file and line', () => {
  failsWith('a\nb {{ env "HOME" }}', /^mail\.gotmpl:2: There is no function "env" here/)
  failsWith('{{ now }}', /There is no function "now"/)
  failsWith('\n\n{{ template "x" }}', /:3: There is no template "x"/)
  failsWith('{{ if true }}', /:1: There is no \{\{ end \}\}/)
  failsWith('{{ end }}', /:1: There is no block/)
  failsWith('{{ .To', /:1: The action that begins here has no \}\}/)
  failsWith('{{ "x }}', /:1: A text has no closing quotation mark/)
  failsWith('{{ 5 .To }}', /Only a function can be given arguments/)
  failsWith('{{ .To | "x" }}', /After \| a function has to follow/)
  failsWith('{{ break }}', /belongs into \{\{ range \}\}/)
  failsWith('{{ upper ( .To }}', /closing parenthesis/)
  failsWith('{{ .To ? }}', /:1: The character "\?" cannot stand here/)
  failsWith('{{ if }}x{{ end }}', /A value is missing/)
  failsWith('{{ $x = 1 }}', /There is no variable \$x/)
  failsWith('{{/* open', /A comment has to end/)
})

test('what is not there can be printed, but not be asked for more', () => {
  const data = { Identity: { metadata_public: null, name: 'x' } }
  assert.equal(fill('{{ .Identity.metadata_public }}', data), '<no value>')
  failsWith('{{ .Identity.metadata_public.plan }}', /\.plan is asked of something that is not there/, data)
  failsWith('{{ .Identity.name.plan }}', /\.plan is asked of a string/, data)
  failsWith('{{ .Identityy }}', /There is no field \.Identityy/, data)
  failsWith('{{ upper .Identity.nick }}', /"upper": A text is needed, not nothing/, data)
  assert.equal(fill('{{ .Identity.constructor }}{{ .Identity.__proto__ }}', data), '<no value><no value>')
})

test('endless templates are ended', () => {
  failsWith('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', /call each other too deeply/)
  failsWith('{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}', /too many steps/)
  failsWith('{{ $x := "aaaaaaaaaa" }}{{ range 50 }}{{ $x = printf "%s%s" $x $x }}{{ end }}', /The result is too long/)
  failsWith('{{ $x := repeat 90000 "a" }}{{ range 20 }}{{ $x }}{{ end }}', /The result is too long/)
  failsWith('{{ repeat 1000000000 "a" }}', /too large|too long/)
  failsWith(`${'{{ if true }}'.repeat(100)}${'{{ end }}'.repeat(100)}`, /nested too deeply/)
  failsWith(`{{ ${'('.repeat(100)}1${')'.repeat(100)} }}`, /nested too deeply/)
})

const awkward = `Tom & "Jerry" <b>'</script>`

test('in HTML values are escaped for text, attributes and addresses', () => {
  reads(
    {
      Note: awkward,
      Plain: 'ünï',
      Link: 'javascript:alert(1)',
      Good: 'https://example.test/a?b=c&d=é',
      Nothing: null,
      Plus: 'a+b',
    },
    {
      '<a title="{{ .Note }}">{{ .Note }}</a>':
        '<a title="Tom &amp; &#34;Jerry&#34; &lt;b&gt;&#39;&lt;/script&gt;">Tom &amp; &#34;Jerry&#34; &lt;b&gt;&#39;&lt;/script&gt;</a>',
      '<a href="{{ .Link }}">x</a><a href="{{ .Good }}">':
        '<a href="#ZgotmplZ">x</a><a href="https://example.test/a?b=c&amp;d=%c3%a9">',
      '<a href="/q?x={{ .Note }}">': '<a href="/q?x=Tom%20%26%20%22Jerry%22%20%3cb%3e%27%3c%2fscript%3e">',
      "<a href='/q/{{ .Plain }}'>": "<a href='/q/%c3%bcn%c3%af'>",
      '<!-- gone {{ .Note }} --><i>{{ .Nothing }}</i>{{ .Plus }}': '<i></i>a&#43;b',
      '<p title={{ .Note }}>': '<p title=Tom&#32;&amp;&#32;&#34;Jerry&#34;&#32;&lt;b&gt;&#39;&lt;/script&gt;>',
      '<p title={{ .Nothing }}>': '<p title=ZgotmplZ>',
      '<{{ .Plain }}><p {{ "onclick" }}="x"><p {{ "title" }}="{{ .Plain }}">':
        '<ZgotmplZ><p ZgotmplZ="x"><p title="ünï">',
      '<title>{{ .Note }}</title>{{ .Note | html }}':
        '<title>Tom &amp; &#34;Jerry&#34; &lt;b&gt;&#39;&lt;/script&gt;</title>Tom &amp; &#34;Jerry&#34; &lt;b&gt;&#39;&lt;/script&gt;',
      '<a href="mailto:{{ .Plain }}?subject={{ .Plus }}">1 < 2': '<a href="mailto:%c3%bcn%c3%af?subject=a%2bb">1 < 2',
    },
    'html',
  )
})

test('in scripts and styles values are literals, or nothing', () => {
  reads(
    {
      Note: awkward,
      Payload: { b: 1, a: ['<'] },
      Colour: 'red; background: url(x)',
      Red: 'red',
      Count: 5n,
      Nothing: null,
    },
    {
      '<script>var x = {{ .Note }};</script>':
        '<script>var x = "Tom \\u0026 \\"Jerry\\" \\u003cb\\u003e\'\\u003c/script\\u003e";</script>',
      '<script>var x = {{ .Payload }}, n ={{ .Count }}, o ={{ .Nothing }}</script>':
        '<script>var x = {"a":["\\u003c"],"b":1}, n = 5 , o = null </script>',
      '<script>var s = "{{ .Note }}" // {{ .Note }}</script>':
        '<script>var s = "Tom \\u0026 \\u0022Jerry\\u0022 \\u003cb\\u003e\\u0027\\u003c\\u002fscript\\u003e" // </script>',
      '<b onclick="say({{ .Note }})">':
        '<b onclick="say(&#34;Tom \\u0026 \\&#34;Jerry\\&#34; \\u003cb\\u003e&#39;\\u003c/script\\u003e&#34;)">',
      '<style>p { color: {{ .Colour }} }</style><p style="color: {{ .Colour }}">':
        '<style>p { color: ZgotmplZ }</style><p style="color: ZgotmplZ">',
      '<style>p { color: {{ .Red }} }</style><p style="color: {{ .Nothing }}">':
        '<style>p { color: red }</style><p style="color: ">',
      '<p style="background: url(\'{{ .Note }}\')">':
        '<p style="background: url(\'Tom%20&amp;%20%22Jerry%22%20%3cb%3e%27%3c/script%3e\')">',
    },
    'html',
  )
  assert.throws(() => fill('<script>x = `{{ .A }}`</script>', { A: 'x' }, 'html'), /:1: A value cannot stand in/)
})

test('a value that came with markup never opens a tag, wherever it is put', () => {
  const evil = `"'><img src=x onerror=alert(1)>\`</style></script></textarea>-->`
  const places = [
    '{{ .E }}',
    '<p title="{{ .E }}">',
    "<p title='{{ .E }}'>",
    '<p title={{ .E }}>',
    '<a href="{{ .E }}">',
    '<a href={{ .E }}>',
    '<p onclick="f({{ .E }})">',
    '<p onclick="f(\'{{ .E }}\')">',
    '<p style="x: {{ .E }}">',
    '<style>{{ .E }}</style>',
    '<script>{{ .E }}</script>',
    "<script>'{{ .E }}'</script>",
    '<textarea>{{ .E }}</textarea>',
    '<p {{ .E }}="x">',
    '<{{ .E }}>',
    '</{{ .E }}>',
    '<!-- {{ .E }} -->',
  ]
  for (const place of places) {
    const shown = fill(place, { E: evil }, 'html')
    assert.doesNotMatch(shown, /<img|<\/(?:style|script|textarea)>./, place)
    assert.doesNotMatch(shown.replace(/"[^"]*"|'[^']*'/g, ''), /<[^>]*\sonerror/, place)
  }
})
