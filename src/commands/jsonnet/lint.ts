import { lintJsonnet } from '../../lib/jsonnet/syntax/lint.ts'
import { jsonnetFiles, readable, report } from './files.ts'

/** Looks for mistakes in files; says nothing where there are none. @returns 1 when there are some */
export function lintFiles(patterns: readonly string[]): number {
  let found = false
  for (const file of jsonnetFiles(patterns)) {
    const ok = readable(file, () => {
      for (const { at, message } of lintJsonnet(file.text)) {
        found = true
        report(file, at, message)
      }
    })
    if (!ok) found = true
  }
  if (found) process.stderr.write('Linter found issues.\n')
  return found ? 1 : 0
}
