import type { Outbound } from '../../http/outbound.ts'
import type { Jsonnet } from '../../lib/jsonnet/jsonnet.ts'
import type { Static } from '../../lib/shape.ts'
import type { LoadSource } from '../../lib/source.ts'
import type { courier } from '../config.ts'
import type { Via } from '../message.ts'
import type { Channel } from './channel.ts'
import { createHttpChannel } from './http.ts'
import { createSmtpChannel } from './smtp.ts'

type CourierConfig = Static<typeof courier>

export type ChannelDeps = {
  config: Pick<CourierConfig, 'channels' | 'delivery_strategy' | 'http' | 'smtp'>
  /** `clients.smtp.disallow_private_ip_ranges` */
  disallowPrivateSmtp: boolean
  outbound: Outbound
  loadSource: LoadSource
  jsonnet: Pick<Jsonnet, 'evaluateToText' | 'evaluate'>
  warn(problem: { error: unknown }, text: string): void
}

/** The configured channels. A way without one has nobody to take its messages. */
export function createChannels(deps: ChannelDeps): Map<Via, Channel> {
  const { config, disallowPrivateSmtp, warn } = deps
  const channels = new Map<Via, Channel>()
  const { connection_uri: uri } = config.smtp
  if (config.delivery_strategy === 'http')
    channels.set('email', createHttpChannel({ ...deps, request: config.http.request_config }))
  else if (uri !== undefined)
    channels.set(
      'email',
      createSmtpChannel({
        smtp: { ...config.smtp, connection_uri: uri },
        disallowPrivateRanges: disallowPrivateSmtp,
        warn,
      }),
    )
  // The first of several for one way counts.
  for (const { id, request_config: request } of config.channels.toReversed())
    if (request) channels.set(id, createHttpChannel({ ...deps, request }))
  return channels
}
