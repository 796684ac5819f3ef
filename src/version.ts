import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The release with a leading `v`, and where and when it was built; `unknown` for what runs straight from a checkout. */
export function buildInfo(): { version: string; commit: string; builtAt: string } {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string
  }
  return { version: `v${version}`, ...stamp() }
}

function stamp(): { commit: string; builtAt: string } {
  try {
    return JSON.parse(readFileSync(join(import.meta.dirname, 'build.json'), 'utf8')) as {
      commit: string
      builtAt: string
    }
  } catch {
    return { commit: 'unknown', builtAt: 'unknown' }
  }
}
