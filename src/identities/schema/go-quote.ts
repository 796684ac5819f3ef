const short: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** A text in quotes as Go writes it: what cannot be printed is escaped. */
export function goQuote(text: string): string {
  const inner = Array.from(text, (character) => {
    if (short[character] !== undefined) return short[character]
    if (character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) return character
    const code = character.codePointAt(0)!
    if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
    const hex = code.toString(16)
    if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`
    return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
  })
  return `"${inner.join('')}"`
}
