import { Option } from 'commander'

/** `-c one.yaml -c two.yaml,three.yaml` */
export const files = (): Option =>
  new Option(
    '-c, --config <files>',
    'configuration file (.yaml, .json, .toml); repeat it or separate by commas',
  ).argParser((value: string, earlier: string[] = []) => [...earlier, ...separated(value)])

const separated = (value: string): string[] => value.split(',').filter((part) => part !== '')

const collected = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((value: string, earlier: string[] = []) => [...earlier, value])

const endpoint = (): Option =>
  new Option('-e, --endpoint <url>', 'admin port of the server; the variable KRATOS_ADMIN_URL unless given')

/** How results are shown. */
export const output = (): Option[] => [
  new Option('--format <format>', 'table, json, json-pretty, yaml, jsonpath=<path> or jsonpointer=<pointer>').default(
    'table',
  ),
  new Option('-q, --quiet', 'print the first column only, which are the ids'),
]

/** What all commands have that talk to a server. */
export const remote = (): Option[] => [endpoint(), ...output()]

/** What takes the place of keys below `hashers.argon2`. */
export const argon2 = (): Option[] => [
  files(),
  ...output(),
  new Option('--memory <size>', 'memory of a hash, such as 128MB'),
  new Option('--iterations <number>', 'passes over the memory'),
  new Option('--parallelism <number>', 'lanes; twice the number of processors unless given'),
  new Option('--salt-length <bytes>', 'length of the salt'),
  new Option('--key-length <bytes>', 'length of the hash'),
  new Option('--min-duration <duration>', 'how long a hash should take, such as 500ms'),
  new Option('--expected-deviation <duration>', 'how far from that is acceptable'),
  new Option('--dedicated-memory <size>', 'memory that there is for all hashes at once'),
]

export const sampleTime = (): Option =>
  new Option('--sample-time <duration>', 'for how long people seem to come').default('20s')

export const options = {
  startAfter: () => collected('--start-after <place=key>', 'leave out what comes before; places are ci, va and ra'),
  includeCredentials: () =>
    new Option('-i, --include-credentials <types>', 'credential types to show, such as oidc').argParser(
      (value: string, earlier: string[] = []) => [...earlier, ...separated(value)],
    ),
  add: () => collected('--add <pointer=json>', `such as '/traits/name="Ada"'`),
  replace: () => collected('--replace <pointer=json>', `such as '/state="inactive"'`),
  removed: () => collected('--remove <pointer>', 'such as /metadata_public/plan'),
}
