import { redirect } from './respond.ts'
import { joinPath } from './urls.ts'
import type { Handler, Request, Route } from './types.ts'

const flowsWithForms = ['login', 'registration', 'settings', 'recovery', 'verification']

/** Rows of the admin port for what is served on the public one: 307 to the same path and query there. */
export const redirectsToPublic = (publicBaseUrl: string): Route[] => {
  const handler = redirectTo(publicBaseUrl, '')
  return [
    ...flowsWithForms.flatMap((name) => [
      ...['browser', 'api', 'flows'].map((end) => ['GET', `/self-service/${name}/${end}`]),
      ['GET', `/self-service/${name}`],
      ['POST', `/self-service/${name}`],
    ]),
    ['GET', '/self-service/logout/browser'],
    ['GET', '/self-service/logout'],
    ['DELETE', '/self-service/logout/api'],
    ['GET', '/self-service/errors'],
    ['GET', '/schemas'],
    ['GET', '/schemas/{id}'],
    ['DELETE', '/sessions'],
    ['GET', '/sessions/whoami'],
  ].map(([method, path]) => ({ method: method!, path: `/admin${path}`, handler }))
}

/** Rows of the public port for what is served on the admin one: 307 there, for any browser that may reach it. */
export const redirectsToAdmin = (adminBaseUrl: string): Route[] => {
  const handler = redirectTo(adminBaseUrl, 'admin')
  const identities: [string, string][] = [
    ['GET', '/identities'],
    ['POST', '/identities'],
    ['GET', '/identities/{id}'],
    ['PUT', '/identities/{id}'],
    ['PATCH', '/identities/{id}'],
    ['DELETE', '/identities/{id}'],
    ['GET', '/identities/by/external/{externalID}'],
    ['DELETE', '/identities/{id}/credentials/{type}'],
  ]
  return [
    ...identities,
    ...identities.map(([method, path]): [string, string] => [method, `/admin${path}`]),
    ['DELETE', '/identities/{id}/sessions'],
    ['POST', '/recovery/code'],
    ['POST', '/recovery/link'],
    ['GET', '/admin/courier/messages'],
    ['GET', '/admin/courier/messages/{id}'],
  ].map(([method, path]) => ({ method: method!, path: path!, handler }))
}

const redirectTo =
  (baseUrl: string, prefix: string): Handler =>
  (request: Request) => {
    const path = request.path.replace(/^\/admin(?=\/)/, '')
    return redirect(
      request,
      307,
      `${joinPath(baseUrl, prefix, path)}${request.rawQuery === '' ? '' : `?${request.rawQuery}`}`,
    )
  }
