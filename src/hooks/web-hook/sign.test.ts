import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signatureHeaders } from './sign.ts'

const told = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' }
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

test('a signature is the one of the example of the specification', () => {
  assert.deepEqual(signatureHeaders([secret], told), {
    'webhook-id': told.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('every secret signs', () => {
  const both = signatureHeaders([secret, `whsec_${Buffer.alloc(24, 7).toString('base64')}`], told)['webhook-signature']!
  const [first, second, ...more] = both.split(' ')
  assert.equal(first, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  assert.match(second!, /^v1,[A-Za-z0-9+/]{43}=$/)
  assert.notEqual(second, first)
  assert.deepEqual(more, [])
})

test('without a secret nothing is signed', () => {
  assert.deepEqual(signatureHeaders([], told), {})
})
