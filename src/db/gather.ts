import type { Param, Statement } from './db.ts'

/** Rows a statement, from many to one, so that few different statements do for any number of rows. */
const sizes = [128, 64, 32, 16, 8, 4, 2, 1]

const oneRow = /^(insert into [^(]+\([^)]*\)\s*values )\(\$1(?:, \$\d+)*\)$/

/**
 * The same insertions in fewer statements, each of which stores many rows of a table. Tables keep the order in which they
 * are first named, so that what is referred to goes before what refers to it.
 * @param statements insertions of one row, without an expected count
 */
export function gathered(statements: readonly Statement[]): Statement[] {
  const bySql = new Map<string, (readonly Param[])[]>()
  for (const { sql, params = [] } of statements) {
    const rows = bySql.get(sql)
    if (rows) rows.push(params)
    else bySql.set(sql, [params])
  }
  return [...bySql].flatMap(([sql, rows]) => chunks(rows).map((chunk) => insertion(sql, chunk)))
}

function chunks<T>(rows: readonly T[]): T[][] {
  const out: T[][] = []
  let from = 0
  for (const size of sizes)
    while (rows.length - from >= size) {
      out.push(rows.slice(from, from + size))
      from += size
    }
  return out
}

const made = new Map<string, string>()

function insertion(sql: string, rows: readonly (readonly Param[])[]): Statement {
  const width = rows[0]!.length
  const key = `${rows.length} ${sql}`
  let text = made.get(key)
  if (text === undefined) {
    const beginning = oneRow.exec(sql)?.[1]
    if (beginning === undefined) throw new Error(`This inserts more than one row, or something else: ${sql}`)
    const row = (index: number) =>
      `(${Array.from({ length: width }, (_, column) => `$${index * width + column + 1}`).join(', ')})`
    text = beginning + rows.map((_, index) => row(index)).join(', ')
    made.set(key, text)
  }
  return { sql: text, params: rows.flat() }
}
