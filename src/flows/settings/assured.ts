import { errors } from '../../errors.ts'
import { isJson } from '../../http/negotiate.ts'
import { errorResponse, redirect } from '../../http/respond.ts'
import { meetsRequirement } from '../../sessions/requirement.ts'
import { initUrl } from '../flow.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import type { Request, Response } from '../../http/types.ts'
import type { SettingsDeps } from './deps.ts'

/** Whether a session is strong enough to see and change settings. */
export const isAssured = (
  { db, rules, requiredAal }: SettingsDeps,
  { session, identity }: Pick<Authenticated, 'session' | 'identity'>,
): Promise<boolean> => meetsRequirement({ db, rules }, requiredAal, session, identity)

/** Where a second factor is asked for, and where to go on afterwards. */
export const stepUpUrl = (publicBaseUrl: string, returnTo?: string): string =>
  initUrl(publicBaseUrl, 'login', 'browser', { aal: 'aal2', return_to: returnTo })

/** Reading and submitting without a session: programs get a 401 that has no id, pages go to the login page. */
export const answerSignedOut = ({ loginUiUrl }: SettingsDeps, request: Request): Response =>
  isJson(request) ? errorResponse(request, errors.unauthorized()) : redirect(request, 302, loginUiUrl)
