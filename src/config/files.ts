import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { isObject } from '../lib/json.ts'
import type { Problem } from './problem.ts'

type Parsed = { value: Record<string, unknown> } | { problem: Problem }

/** Reads a configuration file; its extension says in which language it is written. */
export async function readConfigFile(file: string): Promise<Parsed> {
  const parse = parsers[extname(file).toLowerCase()]
  if (!parse)
    return failed(
      file,
      'The extension of this file says nothing about its language.',
      'Name it .yaml, .yml, .json or .toml.',
    )
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return failed(
      file,
      `This file cannot be read (${code}).`,
      code === 'ENOENT' ? 'Check the path after --config.' : 'Check its permissions.',
    )
  }
  try {
    const value = await parse(text.replace(/^\uFEFF/, ''))
    if (isObject(value)) return { value }
    if (value === null || value === undefined) return { value: {} }
    return failed(file, 'This file holds no object.', 'Write keys with values at the top.')
  } catch (error) {
    return failed(file, `This file cannot be parsed: ${placeOf(error)}.`, 'Correct it there or just above.')
  }
}

const failed = (file: string, reason: string, remedy: string): Parsed => ({ problem: { path: file, reason, remedy } })

const parsers: Record<string, (text: string) => unknown> = {
  '.json': parseJson,
  '.yaml': parseYaml,
  '.yml': parseYaml,
  '.toml': async (text) => (await import('smol-toml')).parse(text, { integersAsBigInt: false }),
}

async function parseJson(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch (error) {
    // YAML contains JSON, and its parser knows the line; if it takes the text, JSON's own words have to do.
    await parseYaml(text)
    throw error
  }
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml')
  return parse(text, {
    prettyErrors: true,
    merge: true,
    // compat: 0755 is octal, as in Go's YAML library, although YAML 1.2 reads it as decimal.
    customTags: (tags) => [
      {
        tag: 'tag:yaml.org,2002:int',
        default: true,
        test: /^[-+]?0[0-7]+$/,
        resolve: (digits: string) => Number.parseInt(digits, 8),
      },
      ...tags,
    ],
  })
}

// The parsers quote the source in their messages, which may be a secret: only the place is passed on.
function placeOf(error: unknown): string {
  const { linePos, line, column, message } = error as {
    linePos?: { line: number; col: number }[]
    line?: number
    column?: number
    message: string
  }
  if (linePos?.[0]) return `line ${linePos[0].line}, column ${linePos[0].col}`
  if (line !== undefined && column !== undefined) return `line ${line}, column ${column}`
  return /line \d+ column \d+/.exec(message)?.[0] ?? 'it is not well-formed'
}
