import { errors } from '../errors.ts'
import { csrfError, type CsrfSettings } from '../http/csrf.ts'
import type { Request } from '../http/types.ts'
import type { FlowType } from './flow.ts'

export type CrossSiteSettings = {
  csrf: CsrfSettings
  /** In development only: native flows may be tried from a browser. */
  relaxNative: boolean
}

/** `resumed`: the token was parked with the submission and did not come with this request. */
export type Submitted = { token: string | undefined; resumed?: boolean }

/**
 * The check that every method makes once it knows that a submission is its own. Browser flows need the token that belongs
 * to the browser's cookie; native flows must not come from a browser at all.
 * @throws errors.csrf (403) for browsers; errors.badRequest (400, shown on the form) for native flows
 */
export function checkCrossSite(
  { csrf, relaxNative }: CrossSiteSettings,
  request: Request,
  flowType: FlowType,
  submitted: Submitted | string | undefined,
): void {
  const { token, resumed = false } = typeof submitted === 'object' ? submitted : { token: submitted }
  if (flowType === 'browser') {
    if (!request.csrf.verify(token ?? ''))
      throw csrfError(request, csrf, { inForm: token !== undefined && token !== '' && !resumed })
    return
  }
  if (relaxNative) return
  if (request.headers.origin)
    throw errors.badRequest(
      'A native flow must not be submitted from a web page: the request has an Origin header. Use a browser flow there.',
    )
  const found = foreignCookies(request.headers.cookie ?? '')
  if (found.length > 0)
    throw errors.badRequest('A native flow must not be submitted with cookies. Use a browser flow in browsers.', {
      details: { 'found cookies': found },
    })
}

// What proxies in front of applications set by themselves does not make a browser.
const foreignCookies = (header: string): string[] =>
  header
    .split(';')
    .map((part) => part.split('=', 1)[0]!.trim())
    .filter((name) => name !== '' && !/^(__cf|_cf|cf_)/.test(name))
