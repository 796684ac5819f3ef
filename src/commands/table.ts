import { type Command, Option } from 'commander'
import { options, remote } from './options.ts'

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
]
