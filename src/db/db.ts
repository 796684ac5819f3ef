/** What a statement may be given. Booleans become 0 and 1 on SQLite; read them back with `Boolean(row.column)`. */
export type Param = string | number | boolean | null | Buffer

export type Row = Record<string, unknown>

/**
 * One SQL statement in the dialect that SQLite and PostgreSQL share, with numbered parameters `$1`, `$2` … .
 * `expect` is the number of rows that it must touch; any other number rolls the whole batch back.
 */
export type Statement = { sql: string; params?: readonly Param[]; expect?: number }

export type Result<R extends Row = Row> = { rows: R[]; count: number }

export type Queryable = {
  /** Runs one statement and returns its rows. */
  query<R extends Row = Row>(sql: string, params?: readonly Param[]): Promise<R[]>
  /** Runs one statement and returns how many rows it touched. */
  run(sql: string, params?: readonly Param[]): Promise<number>
}

export type Db = Queryable & {
  dialect: 'sqlite' | 'postgres'
  /**
   * Runs all statements in one transaction, in as few round trips as the engine allows.
   * @throws UniqueViolation, UnexpectedRowCount – in both cases nothing is stored.
   */
  batch(statements: readonly Statement[]): Promise<Result[]>
  /**
   * A transaction whose later statements depend on what earlier ones answered. `work` may run more than once
   * (serialisation failures are retried), so it must change nothing but the database, and await nothing else.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** A unique constraint refused a row. `table` and `columns` say which; columns may be empty where the engine does not tell. */
export class UniqueViolation extends Error {
  readonly table: string
  constructor(table: string, cause: unknown) {
    super(`a row of ${table} exists already`, { cause })
    this.table = table
  }
}

/**
 * A statement touched another number of rows than it had to, or what it refers to is gone: somebody else was faster.
 * `index` is its place in the batch, or -1 where the engine does not tell.
 */
export class UnexpectedRowCount extends Error {
  readonly index: number
  constructor(index: number, cause?: unknown) {
    super(
      index < 0 ? 'what a statement refers to is gone' : `statement ${index} did not find what it had to change`,
      cause === undefined ? undefined : { cause },
    )
    this.index = index
  }
}

/** `$3, $4, $5` for `placeholders(3, 3)`: a list of parameters that starts at `from`. */
export const placeholders = (count: number, from = 1): string =>
  Array.from({ length: count }, (_, i) => `$${i + from}`).join(', ')

/** Checks the row counts that statements of a batch expect. */
export function checkCounts(statements: readonly Statement[], results: readonly Result[]): void {
  statements.forEach((statement, index) => {
    if (statement.expect !== undefined && results[index]!.count !== statement.expect)
      throw new UnexpectedRowCount(index)
  })
}
