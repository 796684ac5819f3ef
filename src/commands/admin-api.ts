import { createOutbound, OutboundError } from '../http/outbound.ts'
import { isObject, parseLossless } from '../lib/json.ts'
import { CommandError, UsageError } from './problem.ts'

export type ApiOptions = { endpoint?: string }

export type ApiCall = {
  method?: string
  /** Path below the endpoint, with its query. */
  path: string
  /** JSON text. */
  body?: string
}

export type ApiAnswer = { status: number; headers: Record<string, string>; value: unknown }

/** The admin port of a server, as commands talk to it. */
export type AdminApi = {
  /** @throws ApiFailure for a status of 400 and more, CommandError when nobody answers */
  call(call: ApiCall): Promise<ApiAnswer>
  close(): Promise<void>
}

/** What the server said instead of doing what it was asked to do. `status` is 0 when there was no answer. */
export class ApiFailure extends CommandError {
  readonly status: number
  readonly reason: string | undefined
  constructor(status: number, message: string, reason?: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

const maxAnswerBytes = 256 * 1024 * 1024

/**
 * Talks to the server that `--endpoint` or the variable `KRATOS_ADMIN_URL` names.
 * @throws UsageError when there is neither
 */
export function openAdminApi(
  { endpoint }: ApiOptions,
  { timeoutMs = 60_000, env = process.env }: { timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): AdminApi {
  const base = endpoint || env.KRATOS_ADMIN_URL
  if (!base) throw new UsageError('name the admin port of the server with --endpoint or the variable KRATOS_ADMIN_URL')
  if (!/^https?:$/.test(URL.parse(base)?.protocol ?? ''))
    throw new UsageError(`the endpoint ${JSON.stringify(base)} is no http or https address`)
  // A person at a terminal may ask whom they like.
  const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] })

  return {
    async call({ method = 'GET', path, body }) {
      let answer
      try {
        answer = await outbound(base.replace(/\/+$/, '') + path, {
          method,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body }),
          timeoutMs,
          maxBytes: maxAnswerBytes,
          followRedirects: 3,
        })
      } catch (error) {
        if (!(error instanceof OutboundError)) throw error
        throw new ApiFailure(0, error.message)
      }
      const value = parsed(answer.body.toString())
      if (answer.status >= 400) throw failureOf(answer.status, value)
      return { status: answer.status, headers: answer.headers, value }
    },
    close: () => outbound.close(),
  }
}

/** The error that an answer tells of. */
export function failureOf(status: number, value: unknown): ApiFailure {
  const error = isObject(value) && isObject(value.error) ? value.error : {}
  const { message, reason } = error
  return new ApiFailure(
    status,
    typeof message === 'string' ? message : `The server answered with the status ${status}.`,
    typeof reason === 'string' ? reason : undefined,
  )
}

function parsed(text: string): unknown {
  try {
    return parseLossless(text)
  } catch {
    return undefined
  }
}

/** Says on standard error what became of one of several things: the message, the reason, and whose they are. */
export function printFailure(subject: string, failure: CommandError): void {
  const reason = failure instanceof ApiFailure ? failure.reason : undefined
  process.stderr.write(
    `${failure.message}\n${reason === undefined ? '' : `${reason}\n`}${subject}: ${reason ?? failure.message}\n`,
  )
}
