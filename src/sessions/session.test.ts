import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf } from '../../test/support/requests.ts'
import { deviceOf } from './session.ts'

test('of what a request says about its device no more is kept than fits', () => {
  const long = 'x'.repeat(100_000)
  const headers = { 'user-agent': long, 'true-client-ip': long, 'cf-ipcity': long }
  const { ipAddress, userAgent, location } = deviceOf(requestOf('POST', '/self-service/login', { headers }))
  for (const text of [ipAddress, userAgent, location]) assert.equal(text?.length, 512)
})
