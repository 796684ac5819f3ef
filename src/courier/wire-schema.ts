import Type, { type Static } from 'typebox'
import { choice, moment, named, nullable, openObject, uuid } from '../http/schema.ts'

const messageDispatch = named('messageDispatch', {
  id: uuid,
  message_id: uuid,
  status: choice(['failed', 'success']),
  error: nullable(openObject('Why the try failed.')),
  created_at: moment,
  updated_at: moment,
})

export const message = named(
  'message',
  {
    id: uuid,
    status: choice(['queued', 'sent', 'processing', 'abandoned'], 'courierMessageStatus'),
    type: choice(['email', 'sms'], 'courierMessageType'),
    recipient: Type.String(),
    body: Type.String({ description: 'What it says; shown in development only.' }),
    subject: Type.String({ description: 'Shown in development only.' }),
    template_type: Type.String(),
    channel: Type.String(),
    send_count: Type.Integer({ description: 'How often it was tried.' }),
    dispatches: Type.Optional(Type.Array(messageDispatch)),
    created_at: moment,
    updated_at: moment,
  },
  'A message to somebody, as operators see it.',
)

export type MessageView = Static<typeof message>
export type DispatchView = Static<typeof messageDispatch>
