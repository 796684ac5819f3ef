import type { Command } from 'commander'
import { UsageError } from './problem.ts'

type Word = { word: string; about: string }
/** What may follow the words of `path`. */
type Place = { path: string; commands: Word[]; flags: Word[] }

/** Prints the script that completes the commands and flags of a program in a shell. */
export function printCompletion(shell: string, program: Command): number {
  const make = shells[shell as keyof typeof shells]
  if (!Object.hasOwn(shells, shell) || make === undefined)
    throw new UsageError(`there is completion for ${Object.keys(shells).join(', ')}`)
  process.stdout.write(make(program.name(), placesBelow(program, [])))
  return 0
}

/** The program that a command belongs to. */
export function programOf(self: Command): Command {
  return self.parent ? programOf(self.parent) : self
}

function placesBelow(self: Command, path: readonly string[]): Place[] {
  const commands = self.commands.flatMap((each) =>
    [each.name(), ...each.aliases()].map((word) => ({ word, about: each.description() })),
  )
  const flags = self.options.flatMap(({ long, short, description }) =>
    [long, short].flatMap((word) => (word ? [{ word, about: description }] : [])),
  )
  return [
    { path: path.join(' '), commands, flags: [...flags, { word: '--help', about: 'display help for command' }] },
    ...self.commands.flatMap((each) =>
      [each.name(), ...each.aliases()].flatMap((word) => placesBelow(each, [...path, word])),
    ),
  ]
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const wordsOf = ({ commands, flags }: Place): string => [...commands, ...flags].map(({ word }) => word).join(' ')
/** The places that a word leads to. */
const inner = (places: readonly Place[]): Place[] => places.filter(({ path }) => path !== '')

function bash(name: string, places: readonly Place[]): string {
  return `# Completion of ${name} for bash: source <(${name} completion bash)
_${name}() {
  local at='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${inner(places)
        .map(({ path }) => quoted(path))
        .join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  local words=''
  case "$at" in
${places.map((place) => `    ${quoted(place.path)}) words=${quoted(wordsOf(place))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`
}

function zsh(name: string, places: readonly Place[]): string {
  const described = ({ word, about }: Word) => quoted(`${word.replaceAll(':', '\\:')}:${about}`)
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh)
_${name}() {
  local at='' word
  local -a words_here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
      (${inner(places)
        .map(({ path }) => quoted(path))
        .join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${places
  .map(
    (place) =>
      `    (${quoted(place.path)}) words_here=(${[...place.commands, ...place.flags].map(described).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  _describe ${name} words_here || _files
}
compdef _${name} ${name}
`
}

function fish(name: string, places: readonly Place[]): string {
  const escaped = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = places.flatMap(({ path, commands, flags }) => {
    const here = `complete -c ${name} -n ${escaped(`__${name}_at ${escaped(path)}`)}`
    return [
      ...commands.map(({ word, about }) => `${here} -f -a ${escaped(word)} -d ${escaped(about)}`),
      ...flags.map(({ word, about }) =>
        word.startsWith('--')
          ? `${here} -l ${escaped(word.slice(2))} -d ${escaped(about)}`
          : `${here} -s ${escaped(word.slice(1))} -d ${escaped(about)}`,
      ),
    ]
  })
  return `# Completion of ${name} for fish: ${name} completion fish | source
function __${name}_at
  set -l at
  for word in (commandline -opc)[2..-1]
    if contains -- (string join ' ' $at $word) ${inner(places)
      .map(({ path }) => escaped(path))
      .join(' ')}
      set -a at $word
    end
  end
  test (string join ' ' $at) = "$argv"
end
${lines.join('\n')}
`
}

const shells = { bash, zsh, fish }
