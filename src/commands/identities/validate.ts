import { createOutbound } from '../../http/outbound.ts'
import { batchBody } from '../../identities/body.ts'
import { checkCreate } from '../../identities/create.ts'
import { checkImports } from '../../identities/import.ts'
import * as normalisers from '../../identities/normalise.ts'
import { deriveFromTraits } from '../../identities/schema/derive.ts'
import { compileIdentitySchema, type IdentitySchema } from '../../identities/schema/schema.ts'
import { DecodeError, decodeJson } from '../../lib/decode.ts'
import { ApiError } from '../../errors.ts'
import { createSourceLoader } from '../../lib/source.ts'
import { openAdminApi, type AdminApi, type ApiOptions } from '../admin-api.ts'
import { CommandError } from '../problem.ts'
import { allItems, sourcesOf } from './read.ts'

/** Something wrong with an identity: where, what stands there, and why it cannot stay so. */
type Finding = { at: string; value?: unknown; reason: string }

/**
 * Checks the identities of files without creating any: that each has the form of a new identity, and that its traits fit
 * the identity schema as the server has it.
 * @throws CommandError when the server does not have a schema, or cannot be reached
 */
export async function validateIdentities(files: readonly string[], options: ApiOptions): Promise<number> {
  const api = openAdminApi(options)
  const schemaOf = createSchemas(api)
  let failed = 0
  for (const source of sourcesOf(files)) {
    for (const { index, text } of await allItems(source)) {
      const findings = await findingsOf(text, schemaOf)
      if (findings.length === 0) continue
      failed++
      process.stderr.write(`${source.name}[${index}]: not valid\n\n${findings.map(reported).join('\n')}\n`)
    }
  }
  await api.close()
  if (failed > 0) return 1
  process.stdout.write('All identity files are valid.\n')
  return 0
}

async function findingsOf(text: string, schemaOf: (id: string) => Promise<IdentitySchema>): Promise<Finding[]> {
  const findings: Finding[] = []
  try {
    const body = decodeJson(`{"identities":[{"create":${text}}]}`, batchBody, { strict: true })?.identities?.[0]?.create
    if (!body) return [{ at: '', reason: 'An identity is an object.' }]
    checkCreate(body)
    checkImports(body.credentials ?? {})
    if (body.traits === undefined) findings.push({ at: 'traits', reason: 'There are no traits.' })
    if (!body.schema_id) return [...findings, { at: 'schema_id', reason: 'The identity schema has to be named.' }]
    const traits = body.traits?.value ?? {}
    const { errors } = deriveFromTraits(await schemaOf(body.schema_id), traits, normalisers)
    for (const { path, text: reason } of errors)
      findings.push({ at: path.join('.'), value: valueAt({ traits }, path), reason })
  } catch (error) {
    if (!(error instanceof DecodeError) && !(error instanceof ApiError)) throw error
    findings.push({
      at: '',
      reason: error.message.replaceAll('identities.0.create.', '').replace(/^"identities\.0\.create"/, 'It'),
    })
  }
  return findings
}

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)

function reported({ at, value, reason }: Finding): string {
  const place = at === '' ? '(root)' : `${at}: `
  const shown = value === undefined ? '' : JSON.stringify(value)
  return `${place}${shown}\n${' '.repeat(at === '' ? 0 : place.length)}^-- ${reason}\n`
}

/** The schemas of the server, each asked for once. */
function createSchemas(api: AdminApi): (id: string) => Promise<IdentitySchema> {
  const known = new Map<string, Promise<IdentitySchema>>()
  async function load(id: string): Promise<IdentitySchema> {
    const { value } = await api.call({ path: `/schemas/${Buffer.from(id).toString('base64url')}` })
    const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] })
    try {
      return await compileIdentitySchema(JSON.stringify(value), { loadRef: createSourceLoader({ outbound }) })
    } catch (error) {
      throw new CommandError(`The identity schema ${JSON.stringify(id)} cannot be used: ${(error as Error).message}`)
    } finally {
      await outbound.close()
    }
  }
  return (id) => {
    const found = known.get(id) ?? load(id)
    known.set(id, found)
    return found
  }
}
