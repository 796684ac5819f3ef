import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** Turns `src` into `dist`: JavaScript by the compiler, everything that is no TypeScript as it is. */

const root = join(import.meta.dirname, '..')
const [from, to] = [join(root, 'src'), join(root, 'dist')]

rmSync(to, { recursive: true, force: true })
const compiler = join(root, 'node_modules/.bin/tsc')
const { status } = spawnSync(compiler, ['--project', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
// The compiler has said already what is wrong.
if (status !== 0) process.exit(1)

const assets = readdirSync(from, { recursive: true, withFileTypes: true }).filter(
  (entry) => entry.isFile() && !['.ts', '.tsx'].includes(extname(entry.name)),
)
for (const { parentPath, name } of assets) {
  const source = join(parentPath, name)
  cpSync(source, join(to, source.slice(from.length)))
}

writeFileSync(join(to, 'build.json'), `${JSON.stringify({ commit: commit(), builtAt: new Date().toISOString() })}\n`)

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}
