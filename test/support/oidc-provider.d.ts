// What the tests use of a package that brings no types along.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  type Account = { accountId: string; claims(): Record<string, unknown> }
  type Configuration = {
    clients: Record<string, unknown>[]
    claims: Record<string, string[]>
    conformIdTokenClaims: boolean
    cookies: { keys: string[] }
    jwks: { keys: object[] }
    findAccount(context: unknown, id: string): Account
    pkce: { required(context: unknown, client: { clientId: string }): boolean }
    features: { devInteractions: { enabled: boolean } }
  }
  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    Client: { prototype: { redirectUriAllowed(uri: string): boolean } }
  }
}
