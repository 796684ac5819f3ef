import { json } from '../http/respond.ts'
import type { Port } from '../http/openapi.ts'
import type { Route } from '../http/types.ts'

export type OpenApiDeps = {
  version: string
  /** Asked for when somebody reads the description: it holds the routes of both ports, this one's own included. */
  ports: () => { public: Port; admin: Port }
}

/** The description of the API, for operators. Nothing of it is made or loaded before somebody asks. */
export const openApiRoute = ({ version, ports }: OpenApiDeps): Route => {
  let made: Promise<unknown> | undefined
  return {
    method: 'GET',
    path: '/admin/openapi.json',
    handler: async () => json(200, await (made ??= make())),
  }

  async function make() {
    const [{ describeApi }, { operations }] = await Promise.all([import('../http/openapi.ts'), import('./api.ts')])
    return describeApi({ version, ...ports(), operations })
  }
}
