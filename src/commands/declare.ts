import type { Command } from 'commander'

/** A command that only leads to others: alone it prints its help, and an unknown one below it is an error. */
export function group(self: Command): Command {
  return self
    .usage('[command]')
    .argument('[command...]')
    .allowExcessArguments(true)
    .helpCommand(true)
    .action((names: string[]) => {
      if (names.length === 0) self.outputHelp()
      else self.error(`error: there is no command ${JSON.stringify(names[0])} here`)
    })
}

export function command(parent: Command, name: string): Command {
  return parent.command(name).allowExcessArguments(false)
}

/** Ends the process with what is still open, such as idle connections. */
export function finish(code: number): never {
  process.exit(code)
}
