import { json } from '../../http/respond.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import type { Flow } from '../flow.ts'
import { withLoginRequest } from '../oauth2.ts'
import { readFlow } from '../read.ts'
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

async function readLogin(deps: LoginDeps, request: Request): Promise<Response> {
  const flow = await readFlow(deps, 'login', request, request.query.get('id'), { anyBrowser: isOpenTest })
  return json(200, loginFlow(flow, await withLoginRequest(deps, flow)))
}

/** Until a provider has been tried out there is nothing in the flow that only one browser may see. */
export const isOpenTest = ({ testContext }: Flow): boolean => testContext !== undefined && !testContext.debug_payload
