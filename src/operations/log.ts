import { type DestinationStream, type Logger, pino } from 'pino'
import type { Static } from '../lib/shape.ts'
import type { log } from './config.ts'

export type { Logger }
type LogConfig = Static<typeof log>

// The words of the configuration and of the log on the left, pino's on the right.
const levels = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  panic: 'fatal',
} as const
const words: Record<string, string> = { warn: 'warning' }

const sensitive = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-session-token',
  'x-csrf-token',
  'proxy-authorization',
  'password',
  'secret',
  'client_secret',
  'token',
  'session_token',
  'dsn',
]
const threeLevels = sensitive.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`])

/**
 * The log of the process: a line per entry on standard error, JSON or `key=value` text. Values that are credentials are
 * replaced, unless `leak_sensitive_values` is set.
 */
export function createLog(config: LogConfig, version: string, to: DestinationStream = standardError()): Logger {
  const target = config.format === 'json' ? to : textLines(to)
  return pino(
    {
      level: levels[config.level],
      base: { service_name: 'zelos', service_version: version },
      messageKey: 'msg',
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: words[label] ?? label }) },
      ...(config.leak_sensitive_values
        ? {}
        : { redact: { paths: threeLevels, censor: config.redaction_text ?? '[redacted]' } }),
    },
    target,
  )
}

// Lines that come while one is being written leave together; what is left at the end is written before the process goes.
function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: false })
  process.on('exit', () => {
    try {
      destination.flushSync()
    } catch {
      // Nobody reads the log any more.
    }
  })
  return destination
}

function textLines(to: DestinationStream): DestinationStream {
  return { write: (line) => to.write(asText(JSON.parse(line) as Record<string, unknown>)) }
}

/** `time=… level=info msg="…" key=value`, one line whatever the values hold. */
function asText({
  time,
  level,
  msg,
  service_name: _name,
  service_version: _version,
  ...rest
}: Record<string, unknown>): string {
  return `${Object.entries({ time, level, msg, ...rest })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${textValue(value)}`)
    .join(' ')}\n`
}

function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[A-Za-z0-9\-._:/@^+]+$/.test(text) ? text : JSON.stringify(text)
}
