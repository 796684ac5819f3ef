import { randomBytes } from 'node:crypto'
import { errors } from '../../../errors.ts'
import { newFlow, requestUrlOf, type Flow } from '../../../flows/flow.ts'
import { findNode, withCsrf, withNodes } from '../../../flows/form.ts'
import { sorted } from '../../../flows/login/form.ts'
import { deleteFlow, findFlow, insertFlow } from '../../../flows/store.ts'
import { loginFlow } from '../../../flows/wire.ts'
import { csrfError } from '../../../http/csrf.ts'
import { json, noContent } from '../../../http/respond.ts'
import type { Request, Response, Route } from '../../../http/types.ts'
import { DecodeError, decodeJson, objectOf, text } from '../../../lib/decode.ts'
import { parseUuid } from '../../../lib/uuid.ts'
import { messages } from '../../../ui/messages.ts'
import { nodeValue } from '../../../ui/node.ts'
import { getProvider, labelOf, type OidcDeps } from '../deps.ts'
import { providerNode } from '../forms.ts'

/** Lets operators try a provider and its mapper out without signing anybody in. */
export const testLoginAdminRoutes = (deps: OidcDeps): Route[] => [
  {
    method: 'POST',
    path: '/admin/test-login-flows',
    operationId: 'createTestLoginFlow',
    handler: (request) => beginTest(deps, request),
  },
]

export const testLoginRoutes = (deps: OidcDeps): Route[] => [
  {
    method: 'DELETE',
    path: '/self-service/login/test',
    operationId: 'deleteTestLoginFlow',
    handler: (request) => deleteTest(deps, request),
  },
]

const body = objectOf({ provider_id: text })
const maxIdLength = 255

async function beginTest(deps: OidcDeps, request: Request): Promise<Response> {
  const providerId = readProviderId((await request.body()).toString('utf8'))
  if (!deps.enabled) throw errors.invalidConfiguration('Signing in with other providers is switched off here.')
  const provider = getProvider(deps, providerId)
  const empty = newFlow({
    name: 'login',
    type: 'browser',
    requestUrl: requestUrlOf(request),
    state: 'choose_method',
    requestedAal: 'aal1',
    refresh: true,
    lifespanMicros: deps.flows().login.settings.lifespanMicros,
    publicBaseUrl: deps.publicBaseUrl,
    now: deps.clock.now(),
  })
  const button = providerNode(
    providerId,
    messages.loginWithProvider({ provider: labelOf(provider), provider_id: providerId }),
  )
  // The operator's pages send the form without a cookie of ours: whoever has the token may begin.
  const ui = sorted(withCsrf(withNodes(empty.ui, [button]), randomBytes(32).toString('base64')))
  const flow: Flow = { ...empty, ui, testContext: { provider_id: providerId } }
  await deps.db.batch([insertFlow(flow)])
  return json(201, loginFlow(flow))
}

/** @throws errors.badRequest */
function readProviderId(written: string): string {
  const { provider_id: id = '' } = decoded(written)
  if (id === '' || id.length > maxIdLength)
    throw errors.badRequest(`provider_id has to have 1 to ${maxIdLength} characters.`)
  return id
}

function decoded(written: string): { provider_id?: string } {
  try {
    return decodeJson(written, body, { strict: false }) ?? {}
  } catch (error) {
    if (error instanceof DecodeError) throw errors.badRequest(error.message)
    throw error
  }
}

async function deleteTest(deps: OidcDeps, request: Request): Promise<Response> {
  const id = parseUuid(request.query.get('id'))
  if (!id) throw errors.badRequest('The address has to name a flow: ?id=<id>.')
  const flow = await findFlow(deps.db, 'login', id)
  if (!flow?.testContext) throw errors.notFound('There is no such test.')
  const token = findNode(flow.ui, 'csrf_token')
  const isReader = request.csrf.verify(String((token && nodeValue(token)) ?? ''))
  if (flow.testContext.debug_payload && !isReader)
    throw csrfError(request, deps.flows().login.crossSite.csrf, { inForm: false })
  await deps.db.batch([deleteFlow(id)])
  return noContent()
}
