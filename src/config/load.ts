import { createHash } from 'node:crypto'
import { complete } from './check.ts'
import { derive } from './derive.ts'
import { withEnvironment } from './environment.ts'
import { readConfigFile } from './files.ts'
import { merge } from './merge.ts'
import type { Problem } from './problem.ts'
import { type Config, ConfigSchema } from './schema.ts'
import { missingFeatures } from './unsupported.ts'

export type Sources = {
  /** Paths, later ones laid over earlier ones. */
  files: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** Keys set on the command line, such as `{ dev: true }`. */
  flags?: Readonly<Record<string, unknown>>
  /** What lies below the files, instead of nothing. */
  base?: Readonly<Record<string, unknown>>
}

export type Loaded = {
  ok: true
  config: Config
  warnings: string[]
  /** Hex SHA-256 of the configuration as JSON, defaults included, without what the machine adds. */
  hash: string
  files: readonly string[]
}
export type Refused = { ok: false; problems: Problem[]; files: readonly string[] }

/**
 * Reads, merges, completes and checks the configuration: schema defaults, then files, then flags, then environment, the
 * later wins. All problems are found at once; the value of a secret is in none of them.
 */
export async function loadConfig({ files, env, flags = {}, base = {} }: Sources): Promise<Loaded | Refused> {
  const parsed = await Promise.all(files.map(readConfigFile))
  const unreadable = parsed.flatMap((file) => ('problem' in file ? [file.problem] : []))
  if (unreadable.length > 0) return { ok: false, problems: unreadable, files }

  const layers = parsed.flatMap((file) => ('value' in file ? [file.value] : []))
  const merged = [...layers, flags].reduce<unknown>(merge, base) as Record<string, unknown>
  const { config: raw, sources } = withEnvironment(ConfigSchema, merged, env)
  const { value, problems } = complete(ConfigSchema, raw)
  if (problems.length > 0)
    return { ok: false, problems: problems.map((problem) => withSource(problem, sources)), files }
  return {
    ok: true,
    config: derive(value),
    warnings: [...weaknesses(value), ...missingFeatures(value)],
    hash: createHash('sha256').update(JSON.stringify(value)).digest('hex'),
    files,
  }
}

function withSource(problem: Problem, sources: ReadonlyMap<string, string>): Problem {
  for (let path = problem.path; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    const name = sources.get(path)
    if (name !== undefined) return { ...problem, source: `the environment variable ${name}` }
  }
  return problem
}

/** What works, but should not stay as it is. */
function weaknesses({ secrets, serve, dev, identity }: Config): string[] {
  const warnings: string[] = []
  if (!secrets.default?.length)
    warnings.push(
      'secrets.default is not set: a random secret is used until this process ends. Cookies and signed data do not survive a restart, and several instances do not understand each other.',
    )
  const { cors } = serve.public
  if (
    cors.enabled &&
    cors.allow_credentials &&
    (cors.allowed_origins.length === 0 || cors.allowed_origins.includes('*'))
  )
    warnings.push(
      'serve.public.cors lets every website send requests with the cookies of its visitors. List the origins in allowed_origins, or set allow_credentials to false.',
    )
  if (serve.public.base_url === undefined && !dev)
    warnings.push(
      'serve.public.base_url is not set: links are made from the host name of this machine. Set the address that people use.',
    )
  if (!identity.schemas.some(({ id }) => id === identity.default_schema_id))
    warnings.push(
      `identity.default_schema_id is ${JSON.stringify(identity.default_schema_id)}, but no schema of that id is configured.`,
    )
  const ids = identity.schemas.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined)
    warnings.push(`identity.schemas has the id ${JSON.stringify(twice)} twice; the first one counts.`)
  for (const side of ['public', 'admin'] as const) {
    const { cert, key } = serve[side].tls
    if ((cert === undefined) !== (key === undefined))
      warnings.push(`serve.${side}.tls has a certificate or a key, but not both: plain HTTP is served.`)
  }
  return warnings
}
