import { choice, derived, duration, integer, list, object, optional, text } from '../lib/shape.ts'

const size = (byDefault: string) => text({ default: byDefault, format: 'size' })

export const hashers = object({
  algorithm: choice(['argon2', 'bcrypt'], 'bcrypt'),
  argon2: object({
    memory: size('128MB'),
    iterations: integer({ default: 1, minimum: 1 }),
    /** Lanes; twice the number of cores unless set. */
    parallelism: derived(integer({ minimum: 1 })),
    /** Bytes. */
    salt_length: integer({ default: 16, minimum: 16 }),
    /** Bytes. */
    key_length: integer({ default: 32, minimum: 16 }),
    expected_duration: duration('500ms'),
    expected_deviation: duration('500ms'),
    dedicated_memory: size('1GB'),
  }),
  /** How many hashes may wait for a processor; whoever comes later is answered 429. Kratos has no such key. */
  max_waiting: integer({ default: 128, minimum: 1 }),
  bcrypt: object({ cost: integer({ default: 12, minimum: 4, maximum: 31 }) }),
})

export const ciphers = object({ algorithm: choice(['noop', 'aes', 'xchacha20-poly1305'], 'noop') }, { open: true })

/** The first secret of a list is used for new data, all of them for reading. */
export const secrets = object({
  default: derived(list(text({ minLength: 16 }), { uniqueItems: true })),
  /** The list `default` unless set. */
  cookie: derived(list(text({ minLength: 16 }), { uniqueItems: true })),
  pagination: optional(list(text({ minLength: 16 }), { minItems: 1 })),
  cipher: optional(list(text({ minLength: 32, maxLength: 32 }), { minItems: 1 })),
})
