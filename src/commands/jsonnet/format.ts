import { writeFileSync } from 'node:fs'
import { formatJsonnet } from '../../lib/jsonnet/syntax/format.ts'
import { jsonnetFiles, readable } from './files.ts'

/** Prints files as they are usually written, or writes them so. @returns 1 when one cannot be read as Jsonnet */
export function formatFiles(patterns: readonly string[], { write = false }: { write?: boolean }): number {
  let failed = 0
  for (const file of jsonnetFiles(patterns)) {
    const ok = readable(file, () => {
      const formatted = formatJsonnet(file.text)
      if (!write) process.stdout.write(formatted)
      else if (formatted !== file.text) writeFileSync(file.name, formatted)
    })
    if (!ok) failed++
  }
  return failed === 0 ? 0 : 1
}
