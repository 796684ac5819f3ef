import { isIP } from 'node:net'

type Reader = { text: string; at: number }

/**
 * The bare address of what may stand in a mail header: `kim@x.example`, `"Kim Q" <kim@x.example>`, `kim@x.example (work)`;
 * undefined for anything else, groups and lists included. A quoted local part loses its quotes: `"a b"@c.d` → `a b@c.d`.
 * Letters beyond ASCII are fine on both sides, a domain needs no dot.
 * @see https://www.rfc-editor.org/rfc/rfc5322#section-3.4
 */
export function parseMailAddress(text: string): string | undefined {
  const reader = { text, at: 0 }
  skipSpace(reader)
  const address = readAddress(reader) ?? readNamedAddress(reader)
  return address !== undefined && skipComments(reader) && reader.at === text.length ? address : undefined
}

const peek = ({ text, at }: Reader): string | undefined => text[at]

function take(reader: Reader, character: string): boolean {
  if (peek(reader) !== character) return false
  reader.at++
  return true
}

/** Reads what a sticky pattern matches. */
function match(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0]
  if (found !== undefined) reader.at += found.length
  return found
}

const skipSpace = (reader: Reader): void => void match(reader, /[ \t]*/y)

/** An address alone; the place stays where it was if there is none. */
function readAddress(reader: Reader): string | undefined {
  const start = reader.at
  skipSpace(reader)
  const local = peek(reader) === '"' ? readQuoted(reader) : readDotted(reader)
  if (local && take(reader, '@')) {
    skipSpace(reader)
    const domain = peek(reader) === '[' ? readLiteral(reader) : readDotted(reader)
    if (domain !== undefined) return `${local}@${domain}`
  }
  reader.at = start
  return undefined
}

/** A name, or none, and an address in angle brackets. */
function readNamedAddress(reader: Reader): string | undefined {
  if (peek(reader) !== '<' && !skipPhrase(reader)) return undefined
  skipSpace(reader)
  if (!take(reader, '<')) return undefined
  const address = readAddress(reader)
  return take(reader, '>') ? address : undefined
}

// Visible characters but those with a meaning in a header: ()<>[]:;@\,"
const atom = /(?:[!#-'*+\-./0-9=?A-Z^-~]|[^\x00-\x7f])+/y

function readDotted(reader: Reader): string | undefined {
  const found = match(reader, atom)
  return found === undefined || /^\.|\.\.|\.$/.test(found) ? undefined : found
}

function readQuoted(reader: Reader): string | undefined {
  return match(reader, /"(?:[\t !#-[\]-~]|[^\x00-\x7f]|\\[\t -~]|\\[^\x00-\x7f])*"/y)
    ?.slice(1, -1)
    .replace(/\\(.)/gu, '$1')
}

function readLiteral(reader: Reader): string | undefined {
  const found = match(reader, /\[[!-Z^-~]*\]/y)
  return found !== undefined && isIP(found.slice(1, -1)) !== 0 && !found.includes('%') ? found : undefined
}

/** At least one word; comments may stand between words. */
function skipPhrase(reader: Reader): boolean {
  for (let words = 0; ; words++) {
    if (words > 0 && !skipComments(reader)) return false
    skipSpace(reader)
    const word = peek(reader) === '"' ? readQuoted(reader) : match(reader, atom)
    if (word === undefined) return words > 0
  }
}

/** False when a comment has no end. */
function skipComments(reader: Reader): boolean {
  skipSpace(reader)
  while (take(reader, '(')) {
    for (let depth = 1; depth > 0; reader.at++) {
      const character = peek(reader)
      if (character === undefined) return false
      if (character === '\\' && reader.at + 1 < reader.text.length) reader.at++
      else if (character === '(') depth++
      else if (character === ')') depth--
    }
    skipSpace(reader)
  }
  return true
}
