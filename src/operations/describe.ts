import Type from 'typebox'
import { genericError } from '../http/error-schema.ts'
import type { Operations } from '../http/openapi.ts'
import { mapOf, named } from '../http/schema.ts'

const tag = 'metadata'
const healthStatus = named('healthStatus', { status: Type.Literal('ok') })
const healthNotReadyStatus = named('healthNotReadyStatus', {
  error: genericError,
  errors: mapOf(Type.String(), 'What is not ready, by name.'),
})

export const metadataOperations = {
  isAlive: { tag, summary: 'Whether the process lives', path: '/health/alive', answers: { 200: healthStatus } },
  isReady: {
    tag,
    summary: 'Whether the server can serve',
    path: '/health/ready',
    answers: { 200: healthStatus, 503: healthNotReadyStatus },
  },
  getVersion: {
    tag,
    summary: 'Which version this is',
    path: '/version',
    answers: { 200: named('version', { version: Type.String() }) },
  },
} as const satisfies Operations
