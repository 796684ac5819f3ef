import Type from 'typebox'
import { errorGeneric } from '../http/error-schema.ts'
import type { Operations } from '../http/openapi.ts'
import { choice, keysetQuery, pageHeaders, text } from '../http/schema.ts'
import { message } from './wire-schema.ts'

/** What operators can see of the messages. */
export const courierOperations = {
  listCourierMessages: {
    tag: 'courier',
    summary: 'List the messages, the newest first',
    query: {
      ...keysetQuery,
      status: choice(['queued', 'sent', 'processing', 'abandoned']),
      recipient: text('Only those to this address.'),
    },
    answers: { 200: Type.Array(message), 400: errorGeneric },
    headers: { Link: pageHeaders.Link },
  },
  getCourierMessage: {
    tag: 'courier',
    summary: 'Read a message and how its delivery went',
    params: { id: 'The id of the message.' },
    answers: { 200: message, 400: errorGeneric, 404: errorGeneric },
  },
} satisfies Operations
