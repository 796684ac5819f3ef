import type { Command } from 'commander'
import { command, finish, group } from './declare.ts'
import { CommandError, UsageError } from './problem.ts'
import { commands, groupAliases, groups, type CommandRow } from './table.ts'

/** Adds the commands of the table to a program, under all their names. */
export function addCommands(program: Command): void {
  const made = new Map<string, Command>()
  const groupOf = (name: string): Command => {
    let found = made.get(name)
    if (!found) {
      const words = name.split(' ')
      const last = words.pop()!
      const parent = words.length === 0 ? program : groupOf(words.join(' '))
      found =
        parent.commands.find((each) => each.name() === last) ??
        group(command(parent, last)).description(groups[name] ?? '')
      const alias = groupAliases[name]
      if (alias !== undefined) found.alias(alias)
      made.set(name, found)
    }
    return found
  }
  for (const row of commands) for (const name of row.names) add(row, name, groupOf, program)
}

function add(row: CommandRow, name: string, groupOf: (name: string) => Command, program: Command): void {
  const words = name.split(' ')
  const last = words.pop()!
  const self = command(words.length === 0 ? program : groupOf(words.join(' ')), last).description(row.summary)
  if (row.args !== undefined) self.argument(row.args)
  for (const option of row.options()) self.addOption(option)
  self.action(async () => finish(await outcome(row, self)))
}

async function outcome(row: CommandRow, self: Command): Promise<number> {
  try {
    return await row.run(self)
  } catch (error) {
    if (error instanceof UsageError) self.error(`error: ${error.message}`)
    process.stderr.write(`Error: ${(error as Error).message}\n`)
    if (!(error instanceof CommandError) && process.env.LOG_LEVEL === 'debug')
      process.stderr.write(`${(error as Error).stack ?? ''}\n`)
    return 1
  }
}
