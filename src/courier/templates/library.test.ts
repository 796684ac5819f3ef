import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { after, test } from 'node:test'
import { createOutbound } from '../../http/outbound.ts'
import { createSourceLoader } from '../../lib/source.ts'
import { courierConfig } from '../../../test/support/courier.ts'
import { startHttpStub } from '../../../test/support/http-stub.ts'
import { modelOf, type Message, type TemplateName, type Via } from '../message.ts'
import { createTemplateLibrary } from './library.ts'
import { sampleMessage, templateKinds } from './sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'zelos-templates-'))
const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [], retryDelayMs: 1 })
after(async () => {
  rmSync(folder, { recursive: true })
  await outbound.close()
})

const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

function libraryWith(templates: Record<string, unknown>, overridePath?: string) {
  const warnings: string[] = []
  const library = createTemplateLibrary({
    templates: courierConfig({ templates }).templates,
    overridePath,
    loadSource: createSourceLoader({ outbound }),
    warn: (_, text) => void warnings.push(text),
  })
  const render = (template: TemplateName, via: Via = 'email', more: (message: Message) => object = () => ({})) => {
    const message = sampleMessage(template, via)
    return library.render(template, via, { ...modelOf(message), ...more(message) })
  }
  return { ...library, render, warnings }
}

function files(name: string, contents: Record<string, string>): string {
  for (const [path, text] of Object.entries(contents)) {
    const file = join(folder, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return join(folder, name)
}

test('each part of a message can have a template of its own, the others stay as they are', async () => {
  const { check, render } = libraryWith({
    recovery_code: {
      valid: {
        email: { subject: base64('  about {{ .To }}\n') },
        sms: { body: { plaintext: base64('{{ .RecoveryCode }} {{ .RequestURLDomain }}') } },
      },
      invalid: { email: { body: { html: base64('<p title="{{ .To }}">{{ .TransientPayload.note }}</p>') } } },
    },
    verifiable_address_changed: { email: { body: { plaintext: base64('{{ .ChangedAt }} {{ .Identity.id }}') } } },
  })
  assert.deepEqual(await check(), [])
  const built = await libraryWith({}).render('recovery_code_valid')
  assert.deepEqual(await render('recovery_code_valid'), { ...built, subject: 'about ada@example.test' })
  assert.deepEqual(await render('recovery_code_valid', 'sms'), {
    subject: '',
    body: '246810 id.example.test',
    htmlBody: null,
  })
  assert.equal((await render('recovery_code_invalid')).htmlBody, '<p title="ada@example.test">sample</p>')
  assert.match((await render('verifiable_address_changed')).body, /^2026-07-01T10:00:00Z 9f425a8d-/)
})

test('every variable of the contract is there', async () => {
  const common = ['To', 'RequestURL', 'TransientPayload.note', 'ExpiresInMinutes']
  const known = [...common, 'Identity.id', 'Identity.traits.email']
  const signIn = [...known, 'OAuth2LoginRequest']
  const rows: [TemplateName, Via, string[]][] = [
    ['recovery_invalid', 'email', ['To', 'RequestURL', 'TransientPayload.note']],
    ['recovery_valid', 'email', [...known, 'RecoveryURL']],
    ['recovery_code_valid', 'email', [...known, 'RecoveryCode']],
    ['recovery_code_valid', 'sms', [...known, 'RecoveryCode', 'RequestURLDomain']],
    ['verification_valid', 'email', [...signIn, 'VerificationURL']],
    ['verification_code_valid', 'email', [...signIn, 'VerificationCode', 'VerificationURL']],
    ['verification_code_valid', 'sms', [...signIn, 'VerificationCode', 'RequestURLDomain']],
    ['login_code_valid', 'email', [...signIn, 'LoginCode']],
    ['login_code_valid', 'sms', [...signIn, 'LoginCode', 'RequestURLDomain']],
    ['registration_code_valid', 'email', [...common, 'Traits.email', 'RegistrationCode', 'OAuth2LoginRequest']],
    ['registration_code_valid', 'sms', [...common, 'Identity.email', 'RegistrationCode', 'RequestURLDomain']],
    ['verifiable_address_changed', 'email', ['To', 'Identity.id', 'ChangedAt', 'TransientPayload.note']],
  ]
  for (const [template, via, names] of rows) {
    const [, name = template, answer] = /^(.*)_(valid|invalid)$/.exec(template) ?? []
    const body = { body: { plaintext: base64(names.map((each) => `{{ .${each} }}`).join('\n')) } }
    // Where a text message has a template, one for mail has to be named, too.
    const own = { email: via === 'email' ? body : {}, ...(via === 'sms' ? { sms: body } : {}) }
    const rendered = await libraryWith({ [name]: answer === undefined ? own : { [answer]: own } }).render(template, via)
    const values = rendered.body.split('\n')
    const missing = names.filter((each, i) => each !== 'OAuth2LoginRequest' && ['', '<no value>'].includes(values[i]!))
    assert.deepEqual(missing, [], `${template} ${via}`)
  }
})

test('a client of an OAuth2 server can be named', async () => {
  const { render } = libraryWith({
    login_code: {
      valid: {
        email: { subject: base64('for {{ with .OAuth2LoginRequest }}{{ .Client.ClientName }}{{ else }}us{{ end }}') },
      },
    },
  })
  assert.equal((await render('login_code_valid')).subject, 'for us')
  const oauth2_login_request = { challenge: 'x', client: { client_id: '1', client_name: 'Shop' } }
  assert.equal((await render('login_code_valid', 'email', () => ({ oauth2_login_request }))).subject, 'for Shop')
})

test('a folder of templates is used where the configuration names none, with its siblings', async () => {
  const path = files('folder', {
    'recovery_code/valid/email.body.plaintext.gotmpl': `{{ if eq .Identity.traits.locale "de" }}{{ template "email.body.plaintext.de.gotmpl" . }}{{ else }}Code {{ .RecoveryCode }}{{ end }}`,
    'recovery_code/valid/email.body.plaintext.de.gotmpl': 'Hallo, {{ .RecoveryCode }}',
    'recovery_code/valid/email.subject.gotmpl': 'not used',
    'recovery_code/valid/sms.body.gotmpl': '{{ .RecoveryCode }}',
    'verifiable_address_changed/email.subject.gotmpl': 'changed for {{ .To }}',
  })
  const { check, render } = libraryWith({ recovery_code: { valid: { email: { subject: base64('used') } } } }, path)
  assert.deepEqual(await check(), [])
  const { subject, body } = await render('recovery_code_valid')
  assert.deepEqual([subject, body], ['used', 'Code 246810'])
  const german = modelOf(sampleMessage('recovery_code_valid', 'email', 'de'))
  assert.equal((await render('recovery_code_valid', 'email', () => german)).body, 'Hallo, 246810')
  assert.equal((await render('recovery_code_valid', 'sms')).body, '246810')
  assert.equal((await render('verifiable_address_changed')).subject, 'changed for ada@example.test')
  assert.deepEqual(await libraryWith({}, join(folder, 'nowhere')).check(), [])
})

test('the start is told file and line of what it cannot use', async () => {
  const path = files('broken', { 'login_code/valid/email.body.gotmpl': '<p>\n{{ env "HOME" }}</p>' })
  const file = join(files('lines', { 'mail.gotmpl': 'one\ntwo {{ .Identtiy }}' }), 'mail.gotmpl')
  const problems = await libraryWith(
    {
      recovery: { valid: { email: { subject: base64('{{ if }}') } } },
      verification: { invalid: { email: { body: { plaintext: `file://${file}`, html: 'file:///nowhere.gotmpl' } } } },
    },
    path,
  ).check()
  assert.deepEqual(problems.map((problem) => `${problem.path}: ${problem.reason}`).toSorted(), [
    `courier.template_override_path: ${path}/login_code/valid/email.body.gotmpl:2: There is no function "env" here.`,
    'courier.templates.recovery.valid.email.subject: courier.templates.recovery.valid.email.subject:1: A value is missing.',
    'courier.templates.verification.invalid.email.body.html: There is no file /nowhere.gotmpl.',
    `courier.templates.verification.invalid.email.body.plaintext: ${file}:2: There is no field .Identtiy here, but .To, .RequestURL, .TransientPayload.`,
  ])
})

test('a template out of reach does not keep the server from starting, and is asked for again', async () => {
  const stub = await startHttpStub()
  stub.otherwise(() => ({ status: 503 }))
  const { check, render, warnings } = libraryWith({
    login_code: { valid: { email: { subject: `${stub.origin}/subject` } } },
  })
  assert.deepEqual(await check(), [])
  assert.equal(warnings.length, 1)
  await assert.rejects(render('login_code_valid'), /login_code_valid for email cannot be filled in/)
  stub.otherwise(() => ({ status: 200, body: 'from afar' }))
  assert.equal((await render('login_code_valid')).subject, 'from afar')
  const asked = stub.requests.length
  await render('login_code_valid')
  assert.equal(stub.requests.length, asked)
  await stub.close()
})

test('text that cannot be filled in is an error, HTML is left out', async () => {
  const broken = base64('{{ .Identity.metadata_public.plan.name }}')
  const ofText = libraryWith({ verification_code: { valid: { email: { body: { plaintext: broken } } } } })
  await assert.rejects(ofText.render('verification_code_valid'), /\.plan is asked of something that is not there/)
  const ofHtml = libraryWith({
    verification_code: { valid: { email: { subject: base64('still there'), body: { html: broken } } } },
  })
  const { subject, htmlBody } = await ofHtml.render('verification_code_valid')
  assert.deepEqual([subject, htmlBody], ['still there', null])
  assert.match(ofHtml.warnings[0]!, /goes out as plain text/)
})

test('a subject stays on one line', async () => {
  const { render } = libraryWith({ login_code: { valid: { email: { subject: base64('a\r\nBcc: {{ .To }}\n\nb') } } } })
  assert.equal((await render('login_code_valid')).subject, 'a Bcc: ada@example.test b')
})

test('the built-in messages carry their code and their link where people and programs find them', async () => {
  const { render } = libraryWith({})
  for (const language of ['en', 'de'] as const) {
    for (const { template, via } of templateKinds) {
      const message = sampleMessage(template, via, language)
      const { subject, body, htmlBody } = await render(template, via, () => modelOf(message))
      const what = `${template} ${via} ${language}`
      const hasCode = template.includes('code_valid')
      const url =
        'verification_url' in message.data
          ? message.data.verification_url
          : 'recovery_url' in message.data
            ? message.data.recovery_url
            : undefined
      assert.equal(body.match(/\b\d{6}\b/)?.[0], hasCode ? '246810' : undefined, what)
      if (via === 'sms') {
        assert.equal(htmlBody, null)
        if (hasCode) assert.equal(body.split('\n').at(-1), '@id.example.test #246810', what)
        continue
      }
      assert.equal(subject.includes('246810'), hasCode, what)
      assert.deepEqual(body.match(/https?:\/\/\S+/g), url === undefined ? null : [url], what)
      assert.match(htmlBody!, new RegExp(`<html lang="${language}">`))
      assert.equal(htmlBody!.match(/\b\d{6}\b/)?.[0], hasCode ? '246810' : undefined, what)
      assert.equal(htmlBody!.replaceAll('&amp;', '&').includes(`href="${url}"`), url !== undefined, what)
      assert.doesNotMatch(`${subject}${body}${htmlBody!}`, /undefined|NaN|\[object/, what)
    }
  }
})

test('the language follows the traits of the person', async () => {
  const { render } = libraryWith({})
  const inLanguage = async (traits: object) =>
    (await render('login_code_valid', 'email', () => ({ identity: { traits: { ...traits } } }))).subject
  for (const traits of [
    { locale: 'de' },
    { locale: 'de-AT' },
    { locale: 'DE_CH' },
    { language: 'de' },
    { lang: 'de.UTF-8' },
  ])
    assert.match(await inLanguage(traits), /Anmeldecode/, JSON.stringify(traits))
  for (const traits of [{}, { locale: 'fr' }, { locale: 5 }, { locale: 'en', lang: 'de' }, { country: 'de' }])
    assert.match(await inLanguage(traits), /sign-in code/, JSON.stringify(traits))
  const stranger = await render('recovery_invalid', 'email', () => ({ transient_payload: { locale: 'de' } }))
  assert.match(stranger.subject, /kein Konto/)
  const registering = await render('registration_code_valid', 'email', () => ({ traits: { locale: 'de' } }))
  assert.match(registering.subject, /Registrierung/)
})

test('values in the built-in HTML are escaped', async () => {
  const { render } = libraryWith({})
  const { htmlBody } = await render('recovery_valid', 'email', () => ({
    recovery_url: 'https://x.test/"><script>alert(1)</script>',
  }))
  assert.doesNotMatch(htmlBody!, /<script/)
})
