import { isObject } from '../lib/json.ts'
import { openAdminApi, type AdminApi, type ApiOptions } from './admin-api.ts'
import { printItem, type OutputOptions } from './output.ts'
import { CommandError } from './problem.ts'

/** Shows whether a server lives and can serve. @returns 1 when it does not */
export async function remoteStatus(options: ApiOptions & OutputOptions): Promise<number> {
  const api = openAdminApi(options)
  const problems: string[] = []
  const [alive, ready] = [await answers(api, '/health/alive', problems), await answers(api, '/health/ready', problems)]
  await api.close()
  await printItem({ header: ['ALIVE', 'READY'], row: [String(alive), String(ready)], value: { alive, ready } }, options)
  for (const problem of new Set(problems)) process.stderr.write(`Error: ${problem}\n`)
  return alive && ready ? 0 : 1
}

async function answers(api: AdminApi, path: string, problems: string[]): Promise<boolean> {
  try {
    await api.call({ path })
    return true
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    problems.push(error.message)
    return false
  }
}

/** Shows the release that a server runs. */
export async function remoteVersion(options: ApiOptions & OutputOptions): Promise<number> {
  const api = openAdminApi(options)
  const { value } = await api.call({ path: '/version' })
  await api.close()
  const version = isObject(value) && typeof value.version === 'string' ? value.version : ''
  await printItem({ header: ['VERSION'], row: [version], value: { version } }, options)
  return 0
}
