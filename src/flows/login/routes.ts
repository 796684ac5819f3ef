import { errors } from '../../errors.ts'
import { parseUuid } from '../../lib/uuid.ts'
import { csrfError } from '../../http/csrf.ts'
import { json } from '../../http/respond.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { nodeValue } from '../../ui/node.ts'
import { expiredOnRead } from '../answer.ts'
import { isExpired } from '../flow.ts'
import { findNode } from '../form.ts'
import { findFlow } from '../store.ts'
import { loginFlow } from '../wire.ts'
import type { LoginDeps } from './deps.ts'
import { startLogin } from './start.ts'
import { submitLogin } from './submit.ts'

/** The public routes of the login flow. */
export const loginRoutes = (deps: LoginDeps): Route[] => [
  {
    method: 'GET',
    path: '/self-service/login/browser',
    operationId: 'createBrowserLoginFlow',
    handler: (request) => startInBrowser(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/login/api',
    operationId: 'createNativeLoginFlow',
    handler: (request) => startLogin(deps, request, 'api'),
  },
  {
    method: 'GET',
    path: '/self-service/login/flows',
    operationId: 'getLoginFlow',
    handler: (request) => readLogin(deps, request),
  },
  {
    method: 'POST',
    path: '/self-service/login',
    operationId: 'updateLoginFlow',
    handler: (request) => submitLogin(deps, request),
  },
  { method: 'GET', path: '/self-service/login', handler: (request) => submitLogin(deps, request) },
]

async function startInBrowser(deps: LoginDeps, request: Request): Promise<Response> {
  try {
    return await startLogin(deps, request, 'browser')
  } catch (error) {
    return deps.forward(request, error)
  }
}

/** A login flow as it is; those of browsers only for the browser that began them. */
async function readLogin({ db, clock, crossSite, publicBaseUrl }: LoginDeps, request: Request): Promise<Response> {
  const id = parseUuid(request.query.get('id'))
  const flow = id && (await findFlow(db, 'login', id))
  if (!flow) throw errors.notFound()
  const token = nodeValueOf(findNode(flow.ui, 'csrf_token'))
  if (flow.type === 'browser' && !request.csrf.verify(token))
    throw csrfError(request, crossSite.csrf, { inForm: false })
  if (isExpired(flow, clock.now())) throw expiredOnRead(flow, publicBaseUrl, { id: 'self_service_flow_expired' })
  return json(200, loginFlow(flow))
}

const nodeValueOf = (node: ReturnType<typeof findNode>): string => (node ? String(nodeValue(node) ?? '') : '')
