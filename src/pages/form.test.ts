import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ui } from '../flows/flow.ts'
import { requestOf } from '../../test/support/requests.ts'
import { messages, type UiText } from '../ui/messages.ts'
import { csrfNode, inputNode, methodNode, type InputAttributes, type UiNode } from '../ui/node.ts'
import { renderForm, type FormView } from './form.ts'
import { negotiateLanguage } from './language.ts'

const { language } = negotiateLanguage(requestOf('GET', '/'))
const action = 'https://id.example/self-service/login?flow=1'
const say = (text: string, id = 1): UiText => ({ id, text, type: 'info' })
const wrong = (text: string): UiText => ({ id: 1, text, type: 'error' })

function rendered(nodes: UiNode[], view: Partial<FormView> = {}, texts: UiText[] = []): string {
  const ui: Ui = { action, method: 'POST', nodes, messages: texts }
  return String(renderForm(ui, { language, layout: 'single', ...view }).body)
}

const field = (type: InputAttributes['type'], more: Partial<Parameters<typeof inputNode>[0]> = {}) =>
  inputNode({ group: 'default', name: 'thing', type, label: say('Thing'), ...more })

test('every type of input becomes one', () => {
  for (const type of ['text', 'password', 'number', 'email', 'tel', 'date', 'url'] as const)
    assert.match(
      rendered([field(type)]),
      new RegExp(`<label for="n0">Thing.*<input id="n0" name="thing" type="${type}"`),
      type,
    )
  assert.match(
    rendered([field('hidden', { value: '"x"' })]),
    /<input type="hidden" name="thing" value="&quot;x&quot;">/,
  )
  assert.match(
    rendered([field('submit', { value: 'go' })]),
    /<button class="button" name="thing" value="go" type="submit" formnovalidate>Thing<\/button>/,
  )
  assert.match(
    rendered([field('button', { value: '1' })]),
    /<button class="button primary" name="thing" value="1" type="button">Thing<\/button>/,
  )
  // The browser's own field leaves out the time zone, which the server asks for.
  assert.match(
    rendered([field('datetime-local', { value: '2026-01-31T18:30:00Z' })]),
    /aria-describedby="n0-h" type="text" value="2026-01-31T18:30:00Z"/,
  )
})

test('a box that is not ticked says so', () => {
  const html = rendered([field('checkbox', { value: true })])
  assert.match(
    html,
    /<input type="hidden" name="thing" value="false"><input id="n0" name="thing" type="checkbox" value="true" checked>/,
  )
  assert.doesNotMatch(rendered([field('checkbox', { value: false })]), /checked/)
})

test('what an input allows and wants is in its attributes', () => {
  const html = rendered([
    field('text', {
      required: true,
      disabled: true,
      pattern: '[0-9]+',
      maxlength: 6,
      autocomplete: 'one-time-code',
      value: '<1>',
    }),
  ])
  assert.match(
    html,
    /<input id="n0" name="thing" disabled type="text" value="&lt;1&gt;" required pattern="\[0-9\]\+" maxlength="6" autocomplete="one-time-code" inputmode="numeric"/,
  )
  assert.doesNotMatch(html, /optional/)
  assert.match(rendered([field('text')]), /\(optional\)/)
})

test('a password is never written into a page', () => {
  assert.doesNotMatch(rendered([field('password', { value: 'secret' })]), /secret/)
})

test('a choice of values is a list; a value outside of it stays to be seen', () => {
  const options = [{ value: 'a' }, { value: 2 }, { value: null }]
  const html = rendered([field('text', { options, value: 'old', required: true })])
  assert.match(
    html,
    /<select id="n0" name="thing" required><option value="">Please choose<\/option><option value="old" selected>old<\/option><option value="a">a<\/option><option value="2">2<\/option><\/select>/,
  )
  assert.match(rendered([field('number', { options, value: 2 })]), /<option value="2" selected>2<\/option>/)
})

test('an input without a label is called by its name', () => {
  const name = (text: string) =>
    /<label for="n0">([^<]*?)(?: <span|<)/.exec(
      rendered([inputNode({ group: 'default', name: text, type: 'text' })]),
    )?.[1]
  assert.equal(name('traits.address.postal_code'), 'Postal code')
  assert.equal(name('traits.mails.0'), 'Mails 1')
  assert.equal(name('traits.a\\.b'), 'A.b')
  assert.equal(name('csrf'), 'Csrf')
})

test('texts stand beside their field and are linked from the top, which takes the focus', () => {
  const node = { ...field('email', { value: 'ada' }), messages: [wrong('That is <b>no</b> address.')] }
  const html = rendered([node], { focusFirst: true }, [wrong('Look again.')])
  assert.match(
    html,
    /<div class="notice error" role="alert" tabindex="-1" autofocus><h2>Some things are not right yet<\/h2><ul><li>Look again\.<\/li><li><a href="#n0">Thing<\/a>: That is &lt;b&gt;no&lt;\/b&gt; address\.<\/li><\/ul><\/div>/,
  )
  assert.match(html, /aria-describedby="n0-t" aria-invalid="true"/)
  assert.match(html, /<div class="field-texts" id="n0-t"><p class="error">That is/)
  assert.equal(html.match(/autofocus/g)?.length, 1)
})

test('the first field has the focus when nothing is to be told', () => {
  assert.match(rendered([csrfNode('t'), field('email')], { focusFirst: true }), /<input id="n1" name="thing" autofocus/)
})

test('with several ways to go on, the field of one does not hold up another', () => {
  const html = rendered([
    csrfNode('token'),
    inputNode({ group: 'oidc', name: 'provider', type: 'submit', value: 'google', label: say('Google') }),
    inputNode({ group: 'default', name: 'identifier', type: 'text', required: true }),
    methodNode('code', 'code', say('By code')),
    inputNode({ group: 'password', name: 'password', type: 'password', required: true }),
    methodNode('password', 'password', messages.loginPasswordButton()),
  ])
  // The password is asked for first: pressing Enter in a field presses the first button.
  const buttons = [
    ...html.matchAll(
      /<button class="button( primary)?(?: provider)?" name="(\w+)" value="(\w+)" type="submit"( formnovalidate)?/g,
    ),
  ]
  assert.deepEqual(
    buttons.map(([, primary, name, value, free]) => [name, value, primary !== undefined, free !== undefined]),
    [
      ['method', 'password', true, false],
      ['method', 'code', false, true],
      ['provider', 'google', false, true],
    ],
  )
  // Signing in elsewhere is a form of its own, with the token and nothing else.
  assert.equal(html.match(/<form /g)?.length, 2)
  assert.match(
    html.slice(html.lastIndexOf('<form ')),
    /^<form action="[^"]*" method="post"><input type="hidden" name="csrf_token" value="token"><div class="buttons">/,
  )
})

test('a provider that is the only way to go on takes the fields along', () => {
  const html = rendered([
    csrfNode('t'),
    field('email'),
    inputNode({ group: 'oidc', name: 'provider', type: 'submit', value: 'google' }),
  ])
  assert.equal(html.match(/<form /g)?.length, 1)
})

test('settings have a section for each group, each with the token and its own texts', () => {
  const nodes = [
    csrfNode('token'),
    inputNode({ group: 'profile', name: 'traits.name', type: 'text' }),
    methodNode('profile', 'profile', messages.labelSave()),
    inputNode({ group: 'password', name: 'password', type: 'password', required: true }),
    methodNode('password', 'password', messages.labelSave()),
    inputNode({ group: 'passkey', name: 'passkey_remove', type: 'submit', value: 'ab', label: say('Remove') }),
  ]
  const ui: Ui = { action, method: 'POST', nodes, messages: [messages.settingsSaved()] }
  const { body, saved, hasProblems } = renderForm(ui, { language, layout: 'sections', lastGroup: 'password' })
  const parts = String(body).split('<section').slice(1)
  assert.deepEqual(
    parts.map((part) => /<h2 id="([^"]*)">([^<]*)/.exec(part)?.slice(1)),
    [
      ['section-profile', 'Profile'],
      ['section-password', 'Password'],
      ['section-passkey', 'Passkeys'],
    ],
  )
  for (const part of parts) assert.match(part, /name="csrf_token" value="token"/)
  assert.deepEqual(
    parts.map((part) => part.includes('Your changes are saved.')),
    [false, true, false],
  )
  assert.deepEqual([saved, hasProblems], ['Password', false])
  assert.match(parts[2]!, /class="button danger" name="passkey_remove" value="ab" type="submit" formnovalidate/)
})

test('texts of a form without a section for them stand on top', () => {
  const html = rendered(
    [methodNode('profile', 'profile', messages.labelSave())],
    { layout: 'sections', lastGroup: 'totp' },
    [messages.noSettingsMethod()],
  )
  assert.ok(html.startsWith('<div class="notice error"'))
})

const of = (group: UiNode['group'], attributes: UiNode['attributes'], label?: UiText): UiNode => ({
  type: attributes.node_type,
  group,
  attributes,
  messages: [],
  meta: label ? { label } : {},
})

test('pictures, texts, codes, links and boxes are shown', () => {
  const qr = 'data:image/png;base64,AA=='
  const image = of('totp', { node_type: 'img', src: qr, id: 'totp_qr', width: 256, height: 256 }, say('Scan me'))
  assert.match(
    rendered([image]),
    /<img src="data:image\/png;base64,AA==" width="256" height="256" alt="Scan me" id="totp_qr">/,
  )
  const secret = of('totp', { node_type: 'text', id: 'totp_secret_key', text: say('JBSWY3DP') })
  assert.match(
    rendered([secret]),
    /<p class="secret" id="totp_secret_key"><code>JBSWY3DP<\/code><\/p><div class="buttons"><button type="button" class="button small" data-copy="totp_secret_key" data-done="Copied" hidden>/,
  )
  const codes = of('lookup_secret', {
    node_type: 'text',
    id: 'codes',
    text: { ...say('a, b'), context: { secrets: [say('a1'), say('b2')] as never } },
  })
  assert.match(
    rendered([codes]),
    /<ul class="codes" id="codes"><li><code>a1<\/code><\/li><li><code>b2<\/code><\/li><\/ul>/,
  )
  const link = of('code', { node_type: 'a', href: 'javascript:alert(1)', title: say('Go on'), id: 'continue' })
  assert.match(rendered([link]), /<a class="button primary" href="#" id="continue">Go on<\/a>/)
  const box = of('default', { node_type: 'div', id: 'box', class: 'x', data: { key: '"1"', 'on click': 'no' } })
  assert.match(rendered([box]), /<div id="box" class="x" data-key="&quot;1&quot;"><\/div>/)
})

test('security keys: the script comes along, and buttons wait for it', () => {
  const script = of('webauthn', {
    node_type: 'script',
    src: 'https://id.example/.well-known/ory/webauthn.js',
    async: true,
    referrerpolicy: 'no-referrer',
    crossorigin: 'anonymous',
    integrity: 'sha512-x',
    type: 'text/javascript',
    id: 'webauthn_script',
    nonce: 'n',
  })
  const nodes = [
    csrfNode('t'),
    script,
    inputNode({ group: 'passkey', name: 'passkey_challenge', type: 'hidden', value: '{"publicKey":{}}' }),
    inputNode({
      group: 'passkey',
      name: 'passkey_login',
      type: 'hidden',
      onloadTrigger: 'oryPasskeyLoginAutocompleteInit',
    }),
    inputNode({
      group: 'passkey',
      name: 'passkey_login_trigger',
      type: 'button',
      value: '',
      onclick: 'window.oryPasskeyLogin()',
      onclickTrigger: 'oryPasskeyLogin',
      label: say('Sign in with passkey'),
    }),
  ]
  const html = rendered(nodes)
  assert.match(
    html,
    /<input type="hidden" name="passkey_login" value="" data-onload="oryPasskeyLoginAutocompleteInit">/,
  )
  assert.match(
    html,
    /<button class="button primary" name="passkey_login_trigger" value="" data-onclick="oryPasskeyLogin" hidden type="button">/,
  )
  assert.match(html, /<noscript><p class="hint">Sign in with passkey: This way needs JavaScript/)
  assert.match(
    html,
    /<script src="https:\/\/id\.example\/\.well-known\/ory\/webauthn\.js" async referrerpolicy="no-referrer" crossorigin="anonymous" integrity="sha512-x" type="text\/javascript" id="webauthn_script" nonce="n"><\/script>$/,
  )
  assert.doesNotMatch(html, / on(?:click|load)=/)
  // A script alone makes no section of its own.
  assert.equal(rendered([csrfNode('t'), script], { layout: 'sections' }).includes('<section'), false)
})

test('a form without nodes is no form', () => {
  const { body } = renderForm({ action, method: 'POST', nodes: null, messages: [] }, { language, layout: 'single' })
  assert.equal(String(body), '')
})

const labelled = (label: UiText, name: string, group: UiNode['group'], value = 'ab') =>
  inputNode({ group, name, type: 'submit', value, label })

test('each way to give a second factor has a form of its own; the first one is open, and the one that was tried', () => {
  const nodes = [
    csrfNode('token'),
    inputNode({ group: 'lookup_secret', name: 'lookup_secret', type: 'text', required: true }),
    methodNode('lookup_secret', 'lookup_secret', messages.loginLookupSecretButton()),
    inputNode({ group: 'totp', name: 'totp_code', type: 'text', required: true }),
    methodNode('totp', 'totp', messages.loginTotpButton()),
  ]
  const fieldsOf = (html: string) =>
    [...html.matchAll(/<form[^]*?<\/form>/g)].map(([form]) => /<input id="n\d" name="(\w+)"/.exec(form)?.[1])
  const fresh = rendered(nodes, { layout: 'ways', focusFirst: true })
  assert.deepEqual(fieldsOf(fresh), ['totp_code', 'lookup_secret'])
  assert.match(fresh, /<details><summary>Backup code<\/summary><form/)
  assert.match(fresh, /name="totp_code" autofocus type="text"/)
  assert.equal(fresh.match(/name="csrf_token"/g)?.length, 2)
  const wrongCode = rendered(nodes, { layout: 'ways', focusFirst: true }, [messages.lookupWrong()])
  assert.deepEqual(fieldsOf(wrongCode), ['lookup_secret', 'totp_code'])
  // One way alone is a plain form.
  assert.doesNotMatch(rendered(nodes.slice(0, 3), { layout: 'ways' }), /<details>/)
})

test('keys and passkeys are a list with names and days, apart from the fields for another one', () => {
  const key = (display_name: string, added_at: string) =>
    labelled(messages.labelRemoveKey({ display_name, added_at, added_at_unix: 0 }), 'webauthn_remove', 'webauthn')
  const html = rendered(
    [
      csrfNode('t'),
      key('Blue <key>', '2026-05-03T10:00:00Z'),
      key('unnamed', '0001-01-01T00:00:00Z'),
      inputNode({
        group: 'webauthn',
        name: 'webauthn_register_displayname',
        type: 'text',
        label: messages.labelKeyName(),
      }),
      inputNode({ group: 'webauthn', name: 'trigger', type: 'button', onclickTrigger: 'oryWebAuthnRegistration' }),
    ],
    { layout: 'sections' },
  )
  const [list, add] = [...html.matchAll(/<form[^]*?<\/form>/g)].map(([form]) => form)
  assert.match(
    list!,
    /<bdi>Blue &lt;key&gt;<\/bdi>[^]*Added on <time datetime="2026-05-03T10:00:00Z" data-date>May 3, 2026</,
  )
  assert.match(list!, /<bdi>Without a name<\/bdi>/)
  assert.equal(list!.match(/<time/g)?.length, 1)
  assert.match(list!, /aria-label="Remove the security key [^"]*Blue &lt;key&gt;[^"]*">Remove<\/button>/)
  assert.doesNotMatch(add!, /webauthn_remove/)
  assert.match(add!, /<input id="n3"[^>]* required/)
  assert.match(add!, /data-needs="n3"/)
})

test('the last way to sign in cannot be removed, and it is said why', () => {
  const context = { display_name: 'Phone', added_at: '2026-05-03T10:00:00Z', added_at_unix: 0 }
  const label = messages.labelRemovePasskey(context)
  const html = rendered(
    [inputNode({ group: 'passkey', name: 'passkey_remove', type: 'submit', value: 'ab', disabled: true, label })],
    { layout: 'sections' },
  )
  assert.match(html, /This is the last way[^]*<button [^>]*disabled/)
})

test('codes can be kept, and used ones say when they were used', () => {
  const secrets = [
    messages.lookupSecret({ secret: 'abcd1234' }),
    messages.lookupSecretUsed({ used_at: '2026-05-03T10:00:00Z', used_at_unix: 0 }),
  ]
  const codes: UiNode = of('lookup_secret', {
    node_type: 'text',
    id: 'lookup_secret_codes',
    text: messages.lookupSecrets({ secrets }),
  })
  const pending = rendered(
    [codes, labelled(messages.lookupConfirm(), 'lookup_secret_confirm', 'lookup_secret', 'true')],
    {
      layout: 'sections',
    },
  )
  assert.match(
    pending,
    /do not work yet[^]*<li><code>abcd1234<\/code><\/li><li class="used">[^<]* <time datetime="2026-05-03T10:00:00Z" data-date>/,
  )
  assert.match(
    pending,
    /data-copy="lookup_secret_codes"[^]*data-download="lookup_secret_codes" data-file="backup-codes.txt" hidden[^]*data-print hidden/,
  )
  assert.match(pending, /class="button primary" name="lookup_secret_confirm"/)
  assert.doesNotMatch(pending, /In use/)
})

test('the picture for an app stands beside its secret, which is shown in groups of four', () => {
  const picture = of('totp', {
    node_type: 'img',
    src: 'data:image/png;base64,AA==',
    id: 'totp_qr',
    width: 1,
    height: 1,
  })
  const secret = of('totp', {
    node_type: 'text',
    id: 'totp_secret_key',
    text: messages.totpSecret({ secret: 'ABCDEFGHIJKLMNOPQR' }),
  })
  const html = rendered([picture, secret], { layout: 'sections' })
  assert.match(
    html,
    /<div class="scan"><figure>[^]*<code><span>ABCD<\/span><span>EFGH<\/span><span>IJKL<\/span><span>MNOP<\/span><span>QR<\/span><\/code>[^]*<\/div>/,
  )
})

test('another message is asked for by a button that counts down where scripts run', () => {
  const html = rendered([labelled(messages.labelResend(), 'resend', 'code', 'code')])
  assert.match(
    html,
    /<button class="button" name="resend" value="code" type="submit" formnovalidate data-wait="30" data-again="in \{seconds\} s">/,
  )
})

test('who goes on after a provider has told about them sends the whole form; a provider’s name gives its mark', () => {
  const complete = rendered([
    csrfNode('t'),
    field('email', { required: true }),
    labelled(messages.registrationContinue(), 'provider', 'oidc', 'acme'),
  ])
  assert.match(complete, /<button class="button primary" name="provider" value="acme" type="submit">Continue<\/button>/)
  const choice = rendered([
    labelled(messages.loginWithProvider({ provider: 'Acme', provider_id: 'acme' }), 'provider', 'oidc', 'acme'),
  ])
  assert.match(choice, /<span class="provider-mark hue-\d" aria-hidden="true">A<\/span><span>Sign in with Acme<\/span>/)
})

test('the way back stands behind the providers, and belongs to the form with the fields', () => {
  const html = rendered([
    csrfNode('t'),
    inputNode({ group: 'password', name: 'password', type: 'password', required: true }),
    methodNode('password', 'password', messages.registrationButton()),
    labelled(messages.loginWithProvider({ provider: 'Acme', provider_id: 'acme' }), 'provider', 'oidc', 'acme'),
    labelled(messages.registrationBack(), 'screen', 'profile', 'previous'),
  ])
  assert.ok(html.indexOf('name="screen"') > html.lastIndexOf('</form>'))
  assert.match(html, /<form id="main-form"[^]*name="screen"[^>]* form="main-form"/)
})
