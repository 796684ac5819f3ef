/** An accent colour in the shades in which it can be read. All colours are `#rrggbb`. */
export type Shades = {
  /** Ground of buttons. */
  accent: string
  /** Text on it: white or black, whichever can be read. */
  onAccent: string
  /** Links and marks on the ground of the page, with a contrast of 4.5 or more. */
  link: string
}

const lightGround = '#f4f5f8'
const darkGround = '#22262e'

/** @param accent `#rrggbb` */
export function shadesOf(accent: string): { light: Shades; dark: Shades } {
  const onLight = readable(accent, lightGround, '#000000')
  const onDark = readable(accent, darkGround, '#ffffff')
  return {
    light: { accent, onAccent: textOn(accent), link: onLight },
    dark: { accent: onDark, onAccent: textOn(onDark), link: onDark },
  }
}

const minimum = 4.5
const black = '#000000'

const textOn = (ground: string): string => (contrast('#ffffff', ground) >= minimum ? '#ffffff' : black)

/** The colour itself if it can be read, else the nearest mixture with `towards` that can. */
function readable(colour: string, ground: string, towards: string): string {
  for (let percent = 0; percent <= 100; percent += 2) {
    const mixture = mix(colour, towards, percent / 100)
    if (contrast(mixture, ground) >= minimum) return mixture
  }
  return towards
}

const channels = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))

function mix(a: string, b: string, share: number): string {
  const other = channels(b)
  return `#${channels(a)
    .map((value, index) => Math.round(value + (other[index]! - value) * share))
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')}`
}

/** From 1 to 21. @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(colour: string): number {
  const [r, g, b] = channels(colour).map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
