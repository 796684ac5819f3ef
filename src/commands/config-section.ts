import { complete } from '../config/check.ts'
import { readConfigFile } from '../config/files.ts'
import { merge } from '../config/merge.ts'
import { describe } from '../config/problem.ts'
import { isObject } from '../lib/json.ts'
import type { Shape } from '../lib/shape.ts'
import { CommandError } from './problem.ts'

/**
 * One section of the configuration files, with its defaults; the rest of them may be incomplete.
 * @throws CommandError for a file that cannot be read, and for a section that is refused
 */
export async function configSection<T>(files: readonly string[], name: string, shape: Shape<T>): Promise<T> {
  let merged: unknown = {}
  for (const file of files) {
    const parsed = await readConfigFile(file)
    if ('problem' in parsed) throw new CommandError(describe([parsed.problem]))
    merged = merge(merged, parsed.value)
  }
  const { value, problems } = complete(shape, isObject(merged) ? merged[name] : undefined)
  if (problems.length > 0)
    throw new CommandError(describe(problems.map((problem) => ({ ...problem, path: `${name}.${problem.path}` }))))
  return value
}
