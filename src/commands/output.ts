import { isRawNumber } from '../lib/decode.ts'
import { queryJson } from '../lib/gjson.ts'
import { isObject, plain } from '../lib/json.ts'
import { CommandError } from './problem.ts'

/** How a person wants to have the result: `table`, `json`, `json-pretty`, `yaml`, `jsonpath=…` or `jsonpointer=…`. */
export type OutputOptions = { format: string; quiet?: boolean }

/** One thing: a table of names and values, or the value as data. */
export type Item = { header: readonly string[]; row: readonly string[]; value: unknown }
/** Several things. `footer` are rows that say something about all of them. */
export type List = {
  header: readonly string[]
  rows: readonly (readonly string[])[]
  footer?: readonly (readonly string[])[]
  value: unknown
}

/** @throws CommandError when a pointer leads nowhere */
export async function printItem({ header, row, value }: Item, options: OutputOptions): Promise<void> {
  if (options.quiet) return print(`${safe(row[0] ?? '')}\n`)
  print((await asData(value, options.format)) ?? aligned(header.map((name, index) => [name, row[index] ?? ''])))
}

/** @throws CommandError when a pointer leads nowhere */
export async function printList({ header, rows, footer = [], value }: List, options: OutputOptions): Promise<void> {
  if (options.quiet) return print([...rows, ...footer].map((row) => `${safe(row[0] ?? '')}\n`).join(''))
  print((await asData(value, options.format)) ?? aligned([header, ...rows, ...footer]))
}

const print = (text: string): void => void process.stdout.write(text)

/** Undefined for a table, which is also what an unknown format means. */
async function asData(value: unknown, format: string): Promise<string | undefined> {
  const [, kind = format, path = ''] = /^(jsonpath|jsonpointer)=(.*)$/s.exec(format) ?? []
  switch (kind) {
    case 'json':
      return `${JSON.stringify(sorted(value))}\n`
    case 'json-pretty':
      return `${JSON.stringify(sorted(value), null, 2)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(plain(sorted(value)))
    case 'jsonpath':
      return `${JSON.stringify(sorted(queryJson(value, path) ?? null))}\n`
    case 'jsonpointer':
      return `${JSON.stringify(sorted(pointed(value, path)))}\n`
    default:
      return undefined
  }
}

/** The same value with members in the order of their names. Numbers keep their spelling. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value) || isRawNumber(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  )
}

/** RFC 6901 */
function pointed(value: unknown, pointer: string): unknown {
  const steps = pointer === '' ? [] : pointer.split('/')
  if (steps.length > 0 && steps.shift() !== '') throw new CommandError('A JSON pointer begins with a slash.')
  let found = value
  for (const step of steps) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const holder: Record<string, unknown> | unknown[] = Array.isArray(found) || isObject(found) ? found : []
    if (!Object.hasOwn(holder, key) || (Array.isArray(holder) && key === 'length'))
      throw new CommandError(`The pointer ${pointer} leads nowhere: there is no ${JSON.stringify(key)}.`)
    found = (holder as Record<string, unknown>)[key]
  }
  return found
}

const tabStop = 8

/** Columns between tabs, each as wide as its longest cell. */
function aligned(rows: readonly (readonly string[])[]): string {
  const safeRows = rows.map((row) => row.map(safe))
  const widths: number[] = []
  for (const row of safeRows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, tabStop * Math.ceil((cell.length + 1) / tabStop))
  const padded = (cell: string, column: number) =>
    cell + '\t'.repeat(Math.ceil(((widths[column] ?? 0) - cell.length) / tabStop))
  return safeRows.map((row) => `${row.map(padded).join('').replace(/\t+$/, '')}\n`).join('')
}

/** Others may have chosen what stands in a cell: it must not move the cursor or break the table. */
const safe = (cell: string): string => cell.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd')
