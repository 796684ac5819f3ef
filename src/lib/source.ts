import { open } from 'node:fs/promises'

/** Why a source could not be read. `missing` is a file or page that does not exist, `unreachable` any other bad answer. */
export type SourceProblem = 'missing' | 'unreachable' | 'unsupported-scheme' | 'too-large' | 'bad-base64' | 'unreadable'

export class SourceError extends Error {
  readonly kind: SourceProblem
  constructor(kind: SourceProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** The text behind the URL of a configuration value. Throws `SourceError`. */
export type LoadSource = (url: string) => Promise<string>

/** The part of the outbound client that is needed here. */
export type SourceFetch = (
  url: string,
  init: { maxBytes: number; retries: number; followRedirects: number },
) => Promise<{ status: number; body: Buffer }>

/** Nothing that is configured by URL – schemas, Jsonnet, key sets – has a reason to be larger. */
export const maxSourceBytes = 1024 * 1024

/**
 * Reads `file://` (relative to the working directory: `file://./x.json`), `base64://` (standard alphabet, padded) and
 * `http(s)://` (three attempts), each up to `maxBytes`.
 */
export function createSourceLoader({
  outbound,
  maxBytes = maxSourceBytes,
}: {
  outbound: SourceFetch
  maxBytes?: number
}): LoadSource {
  return async (url) => {
    const [, scheme = '', rest = ''] = /^([a-z0-9]+):\/\/(.*)$/is.exec(url) ?? []
    switch (scheme.toLowerCase()) {
      case 'file':
        return (await readFileUpTo(rest, maxBytes)).toString()
      case 'base64':
        return decodeBase64(rest, maxBytes).toString()
      case 'http':
      case 'https':
        return (await fetchUpTo(outbound, url, maxBytes)).toString()
      default:
        throw new SourceError(
          'unsupported-scheme',
          'The address starts with none of file://, base64://, http:// and https://.',
        )
    }
  }
}

async function readFileUpTo(path: string, maxBytes: number): Promise<Buffer> {
  let file
  try {
    file = await open(path)
    const { size } = await file.stat()
    if (size > maxBytes) throw tooLarge(maxBytes)
    // A device or a growing file does not keep to its stated size; one byte past the limit tells.
    const buffer = Buffer.alloc(Math.min(size === 0 ? maxBytes + 1 : size, maxBytes + 1))
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    if (length > maxBytes) throw tooLarge(maxBytes)
    return buffer.subarray(0, length)
  } catch (cause) {
    if (cause instanceof SourceError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SourceError('missing', `There is no file ${path}.`, { cause })
    throw new SourceError('unreadable', `The file ${path} cannot be read (${code ?? 'unknown reason'}).`, { cause })
  } finally {
    await file?.close()
  }
}

function decodeBase64(text: string, maxBytes: number): Buffer {
  const digits = text.replace(/[\r\n]/g, '')
  if (digits.length > Math.ceil(maxBytes / 3) * 4) throw tooLarge(maxBytes)
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) {
    throw new SourceError('bad-base64', 'What follows base64:// is not standard, padded Base64.')
  }
  const decoded = Buffer.from(digits, 'base64')
  if (decoded.length > maxBytes) throw tooLarge(maxBytes)
  return decoded
}

async function fetchUpTo(outbound: SourceFetch, url: string, maxBytes: number): Promise<Buffer> {
  let answer
  try {
    answer = await outbound(url, { maxBytes, retries: 2, followRedirects: 10 })
  } catch (cause) {
    if ((cause as { kind?: unknown }).kind === 'too-large') throw tooLarge(maxBytes, cause)
    throw new SourceError('unreachable', `${withoutSecrets(url)} cannot be reached.`, { cause })
  }
  if (answer.status === 404) throw new SourceError('missing', `There is nothing at ${withoutSecrets(url)}.`)
  if (answer.status !== 200) throw new SourceError('unreachable', `${withoutSecrets(url)} answered ${answer.status}.`)
  return answer.body
}

const tooLarge = (maxBytes: number, cause?: unknown) =>
  new SourceError('too-large', `It holds more than ${maxBytes} bytes.`, cause === undefined ? undefined : { cause })

/** The address of a source as it may be shown: without what is inside of it. */
export function shownSource(url: string): string {
  if (/^base64:/i.test(url)) return 'base64://…'
  return /^file:/i.test(url) ? url : withoutSecrets(url)
}

/** An address as it may be shown: passwords and signed queries stay out of messages. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'The address'
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
