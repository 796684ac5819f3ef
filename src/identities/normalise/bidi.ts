// Unicode's Bidi_Class, which regular expressions do not know. Listed is what does not follow from the general category,
// of the characters that are left after NFKC and lower-casing.
/* oxlint-disable no-misleading-character-class -- lists of code points, not text */
const nonSpacing = /[\p{Mn}\p{Me}\u{1171e}]/u
const europeanNumber = /[0-9\u06f0-\u06f9\u{102e1}-\u{102fb}]/u
const arabicNumber = /[\u0660-\u0669\u066b\u066c\u{10d30}-\u{10d39}\u{10d40}-\u{10d49}\u{10e60}-\u{10e7e}]/u
const rightToLeft =
  /[\u05be\u05c0\u05c3\u05c6\u05d0-\u05f4\u0608\u060b\u060d\u061b-\u064a\u066d-\u066f\u0671-\u06d5\u06e5\u06e6\u06ee\u06ef\u06fa-\u0710\u0712-\u072f\u074d-\u07a5\u07b1-\u07ea\u07f4\u07f5\u07fe-\u0815\u081a\u0824\u0828\u0830-\u0858\u085e-\u088f\u08a0-\u08c9\ufbb2-\ufbc2\ufe73\u{10800}-\u{1091b}\u{10920}-\u{10a00}\u{10a10}-\u{10a35}\u{10a40}-\u{10ae4}\u{10aeb}-\u{10b35}\u{10b40}-\u{10d23}\u{10d4a}-\u{10d65}\u{10d6f}-\u{10d8f}\u{10e80}-\u{10ea9}\u{10ead}-\u{10eb1}\u{10f00}-\u{10f45}\u{10f51}-\u{10f81}\u{10f86}-\u{10ff6}\u{1e800}-\u{1e8cf}\u{1e922}-\u{1e943}\u{1e94b}-\u{1ed3d}]/u
const leftToRightMarks =
  /[\u0482\u055a-\u0589\u0964-\u0970\u09fa\u09fd\u0a76\u0af0\u0b70\u0c77\u0c7f\u0c84\u0cbf-\u0cc6\u0d4f\u0d79\u0df4\u0e4f-\u0e5b\u0f01-\u0f17\u0f1a-\u0f34\u0f36\u0f38\u0f85\u0fbe-\u0fc5\u0fc7-\u0fda\u104a-\u104f\u109e-\u10fb\u1360-\u1368\u166d\u166e\u16eb-\u16ed\u1735\u1736\u17d4-\u17da\u1a1e\u1a1f\u1aa0-\u1aad\u1b5a-\u1b6a\u1b74-\u1b7e\u1bfc-\u1bff\u1c3b-\u1cc7\u1cd3\u214f\u2336-\u237a\u2395\u26ac\u2800-\u28ff\u2d70\u3190\u3191\u327f\ua4fe\ua4ff\ua6f2-\ua6f7\ua789\ua78a\ua836\ua837\ua8ce\ua8cf\ua8f8-\ua8fc\ua92e\ua92f\ua95f\ua9c1-\ua9df\uaa5c-\uaa79\uaade\uaadf\uaaf0\uaaf1\uab5b\uabeb\u{10100}\u{10102}-\u{1013f}\u{1018d}\u{1018e}\u{101d0}-\u{101fc}\u{1039f}-\u{1056f}\u{11047}-\u{1104d}\u{110bb}-\u{110c1}\u{11140}-\u{11143}\u{11174}\u{11175}\u{111c5}-\u{111c8}\u{111cd}\u{111db}-\u{111df}\u{11238}-\u{1123d}\u{112a9}\u{1144b}-\u{1145d}\u{114c6}\u{115c1}-\u{115d7}\u{11641}-\u{11643}\u{116b9}\u{1173c}-\u{1173f}\u{1183b}\u{11944}-\u{11946}\u{119e2}\u{11a07}\u{11a08}\u{11a3f}-\u{11a46}\u{11a9a}-\u{11b09}\u{11c3f}-\u{11c71}\u{11ef7}\u{11ef8}\u{11f43}-\u{11f4f}\u{11fff}-\u{12ff2}\u{16a6e}\u{16a6f}\u{16af5}\u{16b37}-\u{16e9a}\u{1bc9c}\u{1bc9f}\u{1cf50}-\u{1d15d}\u{1d16a}-\u{1d16c}\u{1d183}\u{1d184}\u{1d18c}-\u{1d1a9}\u{1d1ae}-\u{1d1e8}\u{1d800}-\u{1d9ff}\u{1da37}-\u{1da3a}\u{1da6d}-\u{1da74}\u{1da76}-\u{1da83}\u{1da85}-\u{1da8b}\u{1e14f}\u{1f150}-\u{1f169}\u{1f170}-\u{1f1ac}\u{1f1e6}-\u{1f1ff}]/u
const neutralLetters =
  /[\u02b9\u02ba\u02c6-\u02cf\u02ec\u0c78-\u0c7e\u17f0-\u17f9\u24eb-\u24ff\u2776-\u2793\u2cfd\u2e2f\ua67f\ua717-\ua71f\ua788\u{10140}-\u{1018b}\u{11052}-\u{11065}\u{1f10b}\u{1f10c}]/u
/* oxlint-enable no-misleading-character-class */
const space = /\p{Z}/u
const neutral = /[\p{P}\p{S}]/u

type Direction = 'ltr' | 'rtl'
type Class = Direction | 'en' | 'an' | 'neutral' | 'nsm' | 'space'

function classOf(character: string): Class {
  if (leftToRightMarks.test(character)) return 'ltr'
  if (nonSpacing.test(character)) return 'nsm'
  if (europeanNumber.test(character)) return 'en'
  if (arabicNumber.test(character)) return 'an'
  if (rightToLeft.test(character)) return 'rtl'
  if (neutralLetters.test(character)) return 'neutral'
  if (space.test(character)) return 'space'
  return neutral.test(character) ? 'neutral' : 'ltr'
}

const allowed: Record<Direction, Set<Class>> = {
  ltr: new Set(['ltr', 'en', 'neutral', 'nsm']),
  rtl: new Set(['rtl', 'an', 'en', 'neutral', 'nsm']),
}

/**
 * Whether a text satisfies the rule for labels that may hold right-to-left letters. Here every text has to, also one that
 * holds none: white space, a digit in front and most punctuation at the end break the rule.
 * @see https://www.rfc-editor.org/rfc/rfc5893#section-2
 */
export function satisfiesBidiRule(text: string): boolean {
  const classes = Array.from(text, classOf)
  const direction = classes[0]
  if (direction === undefined) return true
  if (direction !== 'ltr' && direction !== 'rtl') return false
  if (!classes.every((one) => allowed[direction].has(one))) return false
  if (classes.includes('en') && classes.includes('an')) return false
  const last = classes.findLast((one) => one !== 'nsm')
  return last !== 'neutral'
}
