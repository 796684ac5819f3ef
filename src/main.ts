import { Command, Option } from 'commander'
import { addCommands } from './commands/add.ts'
import { command, finish, group } from './commands/declare.ts'
import { CommandError } from './commands/problem.ts'
import { files } from './commands/options.ts'

// Each command loads what it needs when it runs: the server's start must not pay for the others, nor they for it.

type Shared = { config?: string[] }
type MigrateOptions = Shared & { readFromEnv?: boolean; yes?: boolean }

const fromEnv = (): Option =>
  new Option('-e, --read-from-env', 'take the database from the variable DSN or the configuration')

const program = group(new Command('zelos')).description(
  'An identity server: registration, login, settings, sessions and identities.',
)
program
  .configureOutput({ outputError: (message, write) => write(message.replace(/^error:/, 'Error:')) })
  .showHelpAfterError()

command(program, 'serve')
  .description('Answer requests on the public and the admin port')
  .addOption(files())
  .option('--dev', 'development mode; without a file also a ready configuration')
  .option('--watch-courier', 'send messages from this process, too')
  .option('--sqa-opt-out', 'accepted for compatibility: no usage data is ever sent')
  .action(
    async ({
      config = [],
      dev,
      watchCourier,
      sqaOptOut,
    }: Shared & { dev?: true; watchCourier?: true; sqaOptOut?: true }) => {
      const { serve } = await import('./serve.ts')
      const flags = {
        ...(dev ? { dev } : {}),
        ...(watchCourier ? { 'watch-courier': true } : {}),
        ...(sqaOptOut ? { 'sqa-opt-out': true } : {}),
      }
      finish(await serve({ files: config, flags, env: process.env }))
    },
  )

const migrate = group(command(program, 'migrate')).description('Bring stored data up to date')
const sql = migration(command(migrate, 'sql'))
  .description('Bring the database up to date (the same as sql up)')
  .option('-y, --yes', 'do not ask')
  .action(up)
migration(command(sql, 'up')).description('Apply what is pending').option('-y, --yes', 'do not ask').action(up)
migration(command(sql, 'status'))
  .description('Show what is applied and what is pending')
  .option('--block', 'wait until nothing is pending')
  .option('--format <format>', 'table, json, json-pretty or yaml', 'table')
  .action(async (_dsn: string | undefined, _options: unknown, self: Command) => {
    const { migrateSqlStatus } = await import('./migrate.ts')
    const { block = false, format = 'table' } = self.opts<{ block?: boolean; format?: string }>()
    await withDsn(self, (dsn) => migrateSqlStatus(dsn, { block, format }))
  })
migration(command(sql, 'down'))
  .description('Not possible: migrations only go forward')
  .option('-y, --yes', 'do not ask')
  .option('--steps <number>', 'how many migrations to undo')
  .action(() => {
    process.stderr.write(
      'Error: migrations only go forward. To go back, restore a backup of the database made before.\n',
    )
    finish(1)
  })

const courier = group(command(program, 'courier')).description('Messages to people')
command(courier, 'watch')
  .description('Send what is queued in the database; any number of processes may do so')
  .addOption(files())
  .option('--expose-metrics-port <number>', 'serve figures for Prometheus on this port')
  .action(async ({ config = [], exposeMetricsPort }: Shared & { exposeMetricsPort?: string }) => {
    const { courierWatch } = await import('./courier-commands.ts')
    const port = exposeMetricsPort === undefined ? {} : { 'expose-metrics-port': Number(exposeMetricsPort) }
    finish(await courierWatch({ files: config, flags: port, env: process.env }))
  })
command(courier, 'preview')
  .description('Show a message with sample data; without a name, list what there is')
  .argument('[template]', 'such as recovery_code_valid')
  .addOption(files())
  .option('--via <way>', 'email or sms', 'email')
  .option('--language <language>', 'language of the built-in texts: en or de', 'en')
  .option('-o, --output <file>', 'file to write; with a name that ends in .html the HTML, else subject and text')
  .action(
    async (
      template: string | undefined,
      { config = [], via, language, output }: Shared & { via: string; language: string; output?: string },
    ) => {
      const { courierPreview } = await import('./courier-commands.ts')
      finish(await courierPreview({ template, via, language, output, files: config }))
    },
  )

addCommands(program)

command(program, 'version')
  .description('Print the version of this program')
  .action(async () => {
    const { buildInfo } = await import('./version.ts')
    const { version, commit, builtAt } = buildInfo()
    process.stdout.write(`Version:    ${version}\nGit Hash:   ${commit}\nBuild Time: ${builtAt}\n`)
  })

await program.parseAsync()

function migration(self: Command): Command {
  return self.argument('[dsn]', 'data source name of the database').addOption(fromEnv()).addOption(files())
}

async function up(_dsn: string | undefined, _options: unknown, self: Command): Promise<void> {
  const { migrateSqlUp } = await import('./migrate.ts')
  // Options before the word "up" belong to "sql" for the parser, and to the person all the same.
  const { yes = false } = self.optsWithGlobals<MigrateOptions>()
  await withDsn(self, (dsn) => migrateSqlUp(dsn, { yes }))
}

async function withDsn(self: Command, run: (dsn: string) => Promise<number>): Promise<void> {
  const { dsnOf } = await import('./migrate.ts')
  const { readFromEnv = false, config = [] } = self.optsWithGlobals<MigrateOptions>()
  try {
    const dsn = await dsnOf({ dsn: self.args[0], readFromEnv, files: config, env: process.env })
    if (dsn === undefined) self.error('error: name the database as an argument, or use --read-from-env')
    finish(await run(dsn))
  } catch (error) {
    if (error instanceof CommandError) process.stderr.write(`Error: ${error.message}\n`)
    else process.stderr.write(`Error: the database could not be migrated or read: ${(error as Error).message}\n`)
    finish(1)
  }
}
