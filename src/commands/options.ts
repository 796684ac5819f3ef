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

export const options = {
  includeCredentials: () =>
    new Option('-i, --include-credentials <types>', 'credential types to show, such as oidc').argParser(
      (value: string, earlier: string[] = []) => [...earlier, ...separated(value)],
    ),
  add: () => collected('--add <pointer=json>', `such as '/traits/name="Ada"'`),
  replace: () => collected('--replace <pointer=json>', `such as '/state="inactive"'`),
  removed: () => collected('--remove <pointer>', 'such as /metadata_public/plan'),
}
