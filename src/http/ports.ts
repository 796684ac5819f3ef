import { parseQuery } from './query.ts'
import { csrfError, csrfOf, noCsrf, type CsrfSettings } from './csrf.ts'
import { errorResponse, redirect } from './respond.ts'
import { createRouter, type Match } from './router.ts'
import { cleanPath } from './urls.ts'
import type { Cors } from './cors.ts'
import type { Request, Response, Route } from './types.ts'

/** Everything between the socket and the routes of one port. */
export type Port = (request: Request) => Promise<{ response: Response; pattern: string }>

export type PortSettings = {
  /** Called with what went wrong inside when a request ends in a 5xx. */
  onFailure(request: Request, error: unknown): void
}

const noStore = 'private, no-cache, no-store, must-revalidate'

// Three groups of paths, decided before the router so that unknown paths are answered alike. One `*` is one segment, which
// may be empty, of the decoded path.
const unprotected = new Set(['/health/alive', '/health/ready', '/version', '/metrics/prometheus'])
const withoutCheck = [
  '/sessions',
  '/sessions/*',
  '/sessions/*/extend',
  ...['login', 'registration', 'settings', 'recovery', 'verification'].flatMap((f) => [
    `/self-service/${f}`,
    `/self-service/${f}/api`,
  ]),
  '/self-service/login/test',
  '/self-service/logout/api',
  '/self-service/methods/oidc/callback/*',
  ...['', '/admin'].flatMap((p) => [`${p}/identities`, `${p}/identities/*`, `${p}/identities/*/credentials/*`]),
  '/identities/*/sessions',
  '/schemas/*',
  '/admin/schemas/*',
  '/courier/messages',
  '/admin/courier/messages',
  '/recovery/code',
  '/recovery/link',
].map((glob) => new RegExp(`^${glob.replaceAll('*', '[^/]*')}$`, 's'))
const isWithoutCheck = memoised((path) => withoutCheck.some((pattern) => pattern.test(decoded(path))))
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** The public port: CORS, then cross-site protection, then the routes – also below the path of the public base URL. */
export function createPublicPort({
  routes,
  basePath,
  cors,
  csrf,
  onFailure,
}: PortSettings & { routes: readonly Route[]; basePath: string; cors: Cors | undefined; csrf: CsrfSettings }): Port {
  const match = createRouter(routes)
  return async (request) => {
    const preflight = cors?.preflight(request)
    if (preflight) return { response: preflight, pattern: 'preflight' }
    request.path = withoutPrefix(request.fullPath, basePath)
    const found = match(request.method, request.path)
    const free = unprotected.has(request.path) || (found.kind === 'route' && found.anonymous)
    const unchecked = free || isWithoutCheck(request.path)
    request.csrf = free ? noCsrf : csrfOf(request, csrf, !unchecked)
    const { response, pattern } = await guarded(
      request,
      onFailure,
      found,
      unchecked || safeMethods.has(request.method) ? undefined : () => checkCsrf(request, csrf),
    )
    const headers: Record<string, string> = { ...response.headers }
    if (request.method === 'GET') headers['cache-control'] ??= noStore
    const crossOrigin = cors?.headers(request)
    const varies = [crossOrigin?.vary, headers.vary, free ? undefined : 'Cookie'].filter(Boolean)
    if (crossOrigin) Object.assign(headers, crossOrigin)
    if (varies.length > 0) headers.vary = varies.join(', ')
    const cookie = request.csrf.cookie()
    return {
      response: { ...response, headers, cookies: [...(cookie ? [cookie] : []), ...(response.cookies ?? [])] },
      pattern,
    }
  }
}

/** The admin port: everything lives below `/admin`, which may be left out. */
export function createAdminPort({ routes, onFailure }: PortSettings & { routes: readonly Route[] }): Port {
  const match = createRouter(routes)
  return async (request) => {
    request.path = request.fullPath.startsWith('/admin') ? request.fullPath : cleanPath(`/admin/${request.fullPath}`)
    request.csrf = noCsrf
    const { response, pattern } = await guarded(request, onFailure, match(request.method, request.path), undefined)
    const headers: Record<string, string> = { ...response.headers }
    if (request.method === 'GET') headers['cache-control'] ??= noStore
    return { response: { ...response, headers }, pattern }
  }
}

async function guarded(
  request: Request,
  onFailure: PortSettings['onFailure'],
  found: Match,
  check: (() => Promise<void>) | undefined,
): Promise<{ response: Response; pattern: string }> {
  try {
    if (check) await check()
    if (found.kind === 'answer') return { response: found.response, pattern: found.pattern }
    if (found.kind === 'unclean') return { response: redirectToClean(request, found.path), pattern: found.pattern }
    request.params = found.params
    return { response: await found.handler(request), pattern: found.pattern }
  } catch (error) {
    const response = errorResponse(request, error)
    if (response.status >= 500) onFailure(request, error)
    return { response, pattern: found.pattern }
  }
}

/** The same request under the path as it should read, below whatever prefix it came with. */
function redirectToClean(request: Request, path: string): Response {
  const prefix = request.fullPath.endsWith(request.path)
    ? request.fullPath.slice(0, request.fullPath.length - request.path.length)
    : ''
  // Browsers take a backslash for a slash, and two of them for the beginning of a host.
  const safe = `${prefix}${path}`.replaceAll('\\', '%5C')
  return redirect(request, 307, `${safe}${request.rawQuery === '' ? '' : `?${request.rawQuery}`}`)
}

async function checkCsrf(request: Request, settings: CsrfSettings): Promise<void> {
  const header = request.headers['x-csrf-token']
  if (typeof header === 'string' && header !== '') {
    if (!request.csrf.verify(header)) throw csrfError(request, settings, { inForm: false })
    return
  }
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  const mayHaveForm = isForm && ['POST', 'PUT', 'PATCH'].includes(request.method)
  const token = mayHaveForm ? parseQuery((await request.body()).toString('utf8')).get('csrf_token') : null
  if (token === null || !request.csrf.verify(token)) throw csrfError(request, settings, { inForm: token !== null })
}

function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || !path.startsWith(prefix)) return path
  const rest = path.slice(prefix.length)
  return rest === '' ? '/' : rest.startsWith('/') ? rest : path
}

function decoded(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Few distinct paths make up nearly all traffic, but ids in them are endless, and paths may be long: the memory is bounded. */
function memoised(test: (path: string) => boolean): (path: string) => boolean {
  const known = new Map<string, boolean>()
  return (path) => {
    const before = known.get(path)
    if (before !== undefined) return before
    const result = test(path)
    if (known.size < 1000 && path.length <= 200) known.set(path, result)
    return result
  }
}
