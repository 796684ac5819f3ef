import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from './log.ts'

type Level = 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'fatal' | 'panic'

function logged(config: {
  level?: Level
  format?: 'json' | 'text'
  leak_sensitive_values?: boolean
  redaction_text?: string
}) {
  const lines: string[] = []
  const log = createLog({ level: 'info', format: 'json', leak_sensitive_values: false, ...config }, 'v1', {
    write: (line) => void lines.push(line),
  })
  return { log, lines }
}

test('an entry is a line of JSON with level, time and message', () => {
  const { log, lines } = logged({})
  log.warn({ port: 4433 }, 'hello')
  const { level, msg, port, time, service_name } = JSON.parse(lines[0]!) as Record<string, unknown>
  assert.deepEqual([level, msg, port, service_name], ['warning', 'hello', 4433, 'zelos'])
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/)
})

test('as text an entry stays one line, whatever it holds', () => {
  const { log, lines } = logged({ format: 'text' })
  log.info({ path: '/login', name: 'two\nlines level=fatal' }, 'it "works"')
  assert.match(lines[0]!, /^time=\S+ level=info msg="it \\"works\\"" path=\/login name="two\\nlines level=fatal"\n$/)
})

test('what is below the level is left out', () => {
  const { log, lines } = logged({ level: 'panic' })
  log.error('lost')
  log.fatal('kept')
  assert.equal(lines.length, 1)
})

test('an error keeps its message and code', () => {
  const { log, lines } = logged({})
  log.error({ error: Object.assign(new Error('no'), { code: 'EADDRINUSE' }) }, 'x')
  const { error } = JSON.parse(lines[0]!) as { error: { message: string; code: string } }
  assert.deepEqual([error.message, error.code], ['no', 'EADDRINUSE'])
})

test('credentials are replaced up to two levels deep, unless they may leak', () => {
  const entry = { password: 'hunter2', request: { headers: { cookie: 'hunter2', 'x-session-token': 'hunter2' } } }
  const { log, lines } = logged({ redaction_text: 'gone' })
  log.info(entry, 'x')
  assert.ok(!lines[0]!.includes('hunter2'))
  assert.equal(lines[0]!.split('gone').length, 4)
  const leaking = logged({ leak_sensitive_values: true })
  leaking.log.info(entry, 'x')
  assert.equal(leaking.lines[0]!.split('hunter2').length, 4)
})
