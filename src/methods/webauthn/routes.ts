import type { Route } from '../../http/types.ts'
import { helperScriptPath, helperScriptSource } from './script.ts'

/** The script by which pages talk to security keys and passkeys. */
export const webauthnRoutes = (): Route[] => [
  {
    method: 'GET',
    path: helperScriptPath,
    operationId: 'getWebAuthnJavaScript',
    handler: () => ({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=UTF-8' },
      body: helperScriptSource,
    }),
  },
]
