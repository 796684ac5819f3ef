import { parseGoUrl } from '../lib/go-url.ts'
import type { Format } from '../lib/shape.ts'

const hostname = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i

function isEmail(value: string): boolean {
  const at = value.lastIndexOf('@')
  const local = value.slice(0, at)
  return (
    at > 0 &&
    value.length <= 254 &&
    local.length <= 64 &&
    !/[\s@<>,;:"()[\]\\]/.test(local) &&
    hostname.test(value.slice(at + 1))
  )
}

const isUri = (value: string): boolean => (parseGoUrl(value)?.scheme ?? '') !== ''

/** What each format is, as a sentence with an example, and how it is recognised. */
export const formats = {
  uri: { fits: isUri, is: 'This has to be a complete URL.', like: 'https://shop.example/' },
  'uri-reference': {
    fits: (value) => parseGoUrl(value) !== undefined,
    is: 'This has to be a URL, complete or relative.',
    like: 'https://shop.example/ or /welcome',
  },
  'uri-if-schemed': {
    fits: (value) => !/^(http|https|file|base64):\/\//.test(value) || isUri(value),
    is: 'This starts like a URL, but is none.',
    like: 'file:///etc/zelos/body.jsonnet',
  },
  origin: {
    fits: (value) => value === '*' || isUri(value),
    is: 'This has to be an origin, or * for all of them.',
    like: 'https://shop.example or https://*.shop.example',
  },
  email: { fits: isEmail, is: 'This has to be an e-mail address.', like: 'no-reply@shop.example' },
  hostname: { fits: (value) => hostname.test(value), is: 'This has to be a host name.', like: 'shop.example' },
  duration: {
    fits: (value) => /^([0-9]+(ns|us|ms|s|m|h))+$/.test(value),
    is: 'This has to be a duration: whole numbers with the units h, m, s, ms, us or ns, days as hours.',
    like: '1h30m or 720h',
  },
  size: {
    fits: (value) => /^[0-9]+(B|KB|MB|GB|TB|PB|EB)$/.test(value),
    is: 'This has to be an amount of memory: a whole number with the unit B, KB, MB, GB or larger.',
    like: '128MB',
  },
} satisfies Record<Format, { fits: (value: string) => boolean; is: string; like: string }>
