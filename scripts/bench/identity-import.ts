import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bcrypt from 'bcrypt'
import { withServer, type Bench } from './measurement.ts'
import { password } from './people.ts'
import { launcher } from './server.ts'

const count = 20_000

/** `zelos identities import` with passwords that were hashed elsewhere. */
export async function identityImport(bench: Bench): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zelos-bench-'))
  try {
    const file = join(folder, 'people.jsonl')
    const credentials = { password: { config: { hashed_password: await bcrypt.hash(password, 4) } } }
    const person = (n: number) => ({ schema_id: 'person', traits: { email: `person${n}@shop.example` }, credentials })
    writeFileSync(file, Array.from({ length: count }, (_, n) => JSON.stringify(person(n))).join('\n'))
    await withServer(bench, { bcryptCost: 4 }, async (server) => {
      const used = server.cpuMs()
      const endpoint = `http://127.0.0.1:${server.adminPort}`
      const { imported, per_second } = await run(['identities', 'import', file, '-e', endpoint, '--format', 'json'])
      if (imported !== count) throw new Error(`${imported} of ${count} identities were imported`)
      const goal = bench.onPostgres ? { least: 5000 } : undefined
      bench.report('identities imported per second, their passwords hashed', per_second, '', goal)
      bench.report('processor time: an imported identity', (server.cpuMs() - used) / count, ' ms')
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(args: readonly string[]): Promise<{ imported: number; per_second: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (chunk) => (out += String(chunk)))
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as { imported: number; per_second: number })
      else reject(new Error(`the import ended with ${code}`))
    })
  })
}
