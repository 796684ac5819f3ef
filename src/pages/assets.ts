import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { errors } from '../errors.ts'
import { joinPath } from '../http/urls.ts'
import type { Request, Response } from '../http/types.ts'
import { assetFolder } from './config.ts'
import { shadesOf, type Shades } from './colours.ts'

/** A file that pages refer to. Its name holds a hash of what is in it, so that caches never have to ask for it again. */
export type Asset = { address: string; name: string; type: string; body: Buffer }

/** @param basePath the path of the public base URL; addresses begin with it, so that they hold under every host name */
export function asset(basePath: string, stem: string, extension: 'css' | 'js', text: string): Asset {
  const body = Buffer.from(text)
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 12)
  const name = `${stem}-${hash}.${extension}`
  const type = extension === 'css' ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8'
  return { address: joinPath(basePath, assetFolder, name), name, type, body }
}

const source = (name: string): string => readFileSync(join(import.meta.dirname, 'assets', name), 'utf8')

export const styleSheet = (basePath: string, accent: string): Asset =>
  asset(basePath, 'style', 'css', `${colours(accent)}${source('style.css')}`)
export const script = (basePath: string): Asset => asset(basePath, 'page', 'js', source('page.js'))

function colours(accent: string): string {
  const { light, dark } = shadesOf(accent)
  return `:root{${variables(light)}}@media (prefers-color-scheme:dark){:root{${variables(dark)}}}\n`
}

const variables = ({ accent, onAccent, link }: Shades): string =>
  `--accent:${accent};--on-accent:${onAccent};--accent-pressed:${onAccent === '#ffffff' ? '#000000' : '#ffffff'};--link:${link}`

/** Serves these files. Each is compressed once, when it is first asked for. */
export function assetServer(assets: readonly Asset[]): (request: Request) => Promise<Response> {
  const packed = new Map<string, Promise<Buffer>>()
  return async (request) => {
    const found = assets.find(({ name }) => name === request.params.file)
    if (!found) throw errors.notFound()
    return serve(packed, request, found)
  }
}

const brotli = promisify(brotliCompress)
const gunzippable = promisify(gzip)

const packers: Record<string, (body: Buffer) => Promise<Buffer>> = {
  br: (body) =>
    brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
  gzip: (body) => gunzippable(body, { level: 9 }),
}

async function serve(
  packed: Map<string, Promise<Buffer>>,
  request: Request,
  { name, type, body }: Asset,
): Promise<Response> {
  const encoding = Object.keys(packers).find((each) => accepts(request.headers['accept-encoding'], each))
  const headers = {
    'content-type': type,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    vary: 'Accept-Encoding',
  }
  if (encoding === undefined) return { status: 200, headers, body }
  const key = `${name} ${encoding}`
  let work = packed.get(key)
  // Once per file and encoding, however many ask for it at the same time.
  if (!work) packed.set(key, (work = packers[encoding]!(body)))
  return { status: 200, headers: { ...headers, 'content-encoding': encoding }, body: await work }
}

const accepts = (header: string | string[] | undefined, encoding: string): boolean =>
  String(header ?? '')
    .split(',')
    .some((part) => {
      const [name = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/)
      return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
    })
