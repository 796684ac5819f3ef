import { type Command, Option } from 'commander'
import { argon2, files, options, output, remote, sampleTime } from './options.ts'

/** A command below the program. What it does is loaded when it runs: no command pays for another. */
export type CommandRow = {
  /** How it is called: `identities get`, and the other spellings of the same. */
  names: readonly [string, ...string[]]
  summary: string
  /** In the notation of commander: `<ids...>`. */
  args?: string
  options: () => readonly Option[]
  /** @returns the exit code */
  run: (self: Command) => Promise<number>
}

/** What the groups are about, by their names. */
export const groups: Readonly<Record<string, string>> = {
  identities: 'Work with identities',
  get: 'Show things by their ids',
  list: 'Show things page by page',
  delete: 'Delete things by their ids',
  import: 'Create things from files',
  validate: 'Check files without creating anything',
  remote: 'Ask a server about itself',
  hashers: 'Find out how passwords are best hashed on this machine',
  'hashers argon2': 'Argon2id, the one to choose',
  'hashers bcrypt': 'bcrypt, the default',
  jsonnet: 'Work with the Jsonnet files of mappers, hooks and gateways',
  format: 'Print files as they are usually written',
  lint: 'Look for mistakes in files',
  cleanup: 'Remove what nobody needs any more',
}

/** Other names of groups. */
export const groupAliases: Readonly<Record<string, string>> = { list: 'ls' }

/** TABLE of the commands, in the order of the help. */
export const commands: readonly CommandRow[] = [
  {
    names: ['identities get', 'get identity', 'get identities'],
    summary: 'Show identities by their ids',
    args: '<ids...>',
    options: () => [
      ...remote(),
      options.includeCredentials(),
      new Option('--external-id', 'the arguments are external ids'),
    ],
    run: async (self) => (await import('./identities/get.ts')).getIdentities(self.args, self.opts()),
  },
  {
    names: ['identities list', 'identities ls', 'list identities', 'list identity'],
    summary: 'Show a page of identities',
    args: '[page...]',
    options: () => [
      ...remote(),
      new Option('--page-size <number>', 'how many identities a page has').default('100'),
      new Option('--page-token <token>', 'where the page begins: what the page before it ended with'),
      new Option('--consistency <level>', 'strong or eventual').default('eventual'),
    ],
    run: async (self) => (await import('./identities/list.ts')).listIdentities(self.args, self.opts()),
  },
  {
    names: ['identities import'],
    summary: 'Create identities from files, many at once; without files from standard input',
    args: '[files...]',
    options: () => [
      ...remote(),
      new Option('--batch-size <number>', 'identities a request, 1000 at most').default('1000'),
      new Option('--concurrency <number>', 'requests under way at once').default('4'),
      new Option('--resume <file>', 'remember in this file how far the import got, and go on from there'),
    ],
    run: async (self) => (await import('./identities/import.ts')).importIdentities(self.args, self.opts()),
  },
  {
    names: ['import identities', 'import identity'],
    summary: 'Create identities from files one by one, and show them; for many, use identities import',
    args: '[files...]',
    options: remote,
    run: async (self) => (await import('./identities/import-each.ts')).importEach(self.args, self.opts()),
  },
  {
    names: ['identities validate', 'validate identity', 'validate identities'],
    summary: 'Check files of identities against the identity schemas of a server',
    args: '[files...]',
    options: remote,
    run: async (self) => (await import('./identities/validate.ts')).validateIdentities(self.args, self.opts()),
  },
  {
    names: ['identities patch'],
    summary: 'Change identities by their ids',
    args: '<ids...>',
    options: () => [
      ...remote(),
      options.add(),
      options.replace(),
      options.removed(),
      new Option(
        '-f, --file <file>',
        'a JSON patch (RFC 6902) with the operations add, replace and remove; - is standard input',
      ),
    ],
    run: async (self) => (await import('./identities/patch.ts')).patchIdentities(self.args, self.opts()),
  },
  {
    names: ['identities delete', 'delete identity', 'delete identities'],
    summary: 'Delete identities by their ids',
    args: '<ids...>',
    options: remote,
    run: async (self) => (await import('./identities/delete.ts')).deleteIdentities(self.args, self.opts()),
  },
  {
    names: ['remote status'],
    summary: 'Show whether a server lives and can serve',
    options: remote,
    run: async (self) => (await import('./remote.ts')).remoteStatus(self.opts()),
  },
  {
    names: ['remote version'],
    summary: 'Show the release that a server runs',
    options: remote,
    run: async (self) => (await import('./remote.ts')).remoteVersion(self.opts()),
  },
  {
    names: ['hashers argon2 calibrate'],
    summary: 'Look for parameters that suit this machine and so many sign-ins a minute',
    args: '<requests-per-minute>',
    options: () => [
      ...argon2(),
      new Option('-m, --start-memory <size>', 'memory to begin with; the one that is configured unless given'),
      new Option('--max-memory <size>', 'more is not tried; 0 is the dedicated memory').default('0'),
      new Option('--adjust-memory-by <size>', 'the step of the search').default('512MB'),
      new Option('-i, --start-iterations <number>', 'passes to begin with').default('1'),
      new Option('-r, --probe-runs <number>', 'hashes per measurement').default('2'),
      new Option(
        '--max-concurrent <number>',
        'accepted for compatibility: as many are computed at once as there are processors',
      ),
      sampleTime(),
    ],
    run: async (self) => (await import('./hashers/argon2.ts')).argon2Calibrate(self.args[0]!, self.opts()),
  },
  {
    names: ['hashers argon2 hash'],
    summary: 'Hash passwords and show how long each took',
    args: '<passwords...>',
    options: () => [...argon2(), new Option('--parallel', 'all at once')],
    run: async (self) => (await import('./hashers/argon2.ts')).argon2Hashes(self.args, self.opts()),
  },
  {
    names: ['hashers argon2 load-test'],
    summary: 'Show how long people wait when so many sign in a minute',
    args: '<requests-per-minute>',
    options: () => [...argon2(), sampleTime()],
    run: async (self) => (await import('./hashers/argon2.ts')).argon2LoadTest(self.args[0]!, self.opts()),
  },
  {
    names: ['hashers bcrypt calibrate'],
    summary: 'Look for the cost that suits this machine, and so many sign-ins a minute',
    args: '[requests-per-minute]',
    options: () => [
      ...output(),
      new Option('--min-duration <duration>', 'how long a hash should take').default('500ms'),
      new Option('-r, --probe-runs <number>', 'hashes per measurement').default('2'),
      sampleTime(),
    ],
    run: async (self) => (await import('./hashers/bcrypt.ts')).bcryptCalibrate(self.args[0], self.opts()),
  },
  {
    names: ['jsonnet format', 'format jsonnet'],
    summary: 'Print Jsonnet files as they are usually written',
    args: '<patterns...>',
    options: () => [new Option('-w, --write', 'write them so, instead of printing them')],
    run: async (self) => (await import('./jsonnet/format.ts')).formatFiles(self.args, self.opts()),
  },
  {
    names: ['jsonnet lint', 'lint lint', 'lint jsonnet'],
    summary: 'Look for mistakes in Jsonnet files',
    args: '<patterns...>',
    options: () => [],
    run: async (self) => (await import('./jsonnet/lint.ts')).lintFiles(self.args),
  },
  {
    names: ['migrate normalize-phone-numbers'],
    summary: 'Give stored telephone numbers the spelling of E.164',
    args: '[dsn]',
    options: () => [
      files(),
      new Option('-e, --read-from-env', 'take the database from the variable DSN or the configuration'),
      new Option('-b, --batch-size <number>', 'rows that are looked at in one go').default('1000'),
      new Option('--batch-delay <duration>', 'the pause between two batches').default('1s'),
      new Option('--dry-run', 'change nothing'),
      options.startAfter(),
    ],
    run: async (self) =>
      (await import('./phone-numbers/normalize.ts')).normalizePhoneNumbers(self.args[0], self.opts()),
  },
  {
    names: ['cleanup sql'],
    summary: 'Remove one batch of each table of what has expired',
    args: '[dsn]',
    options: () => [
      files(),
      new Option('-e, --read-from-env [flag]', 'take the database from the variable DSN or the configuration').default(
        'true',
      ),
      new Option('-b, --database.cleanup.batch_size <number>', 'rows of a table').default('100'),
      new Option('--database.cleanup.sleep.tables <duration>', 'the pause between two tables').default('0s'),
      new Option('--keep-last <duration>', 'keep what has expired since').default('0s'),
    ],
    run: async (self) => (await import('./cleanup.ts')).cleanupSql(self.args[0], self.opts()),
  },
  {
    names: ['completion'],
    summary: 'Print the script that completes commands in a shell: bash, zsh or fish',
    args: '<shell>',
    options: () => [],
    run: async (self) => {
      const { printCompletion, programOf } = await import('./completion.ts')
      return printCompletion(self.args[0]!, programOf(self))
    },
  },
]
