import type { en } from './en.ts'
import type { Json } from '../../lib/json.ts'

/** What a message says about its very case; see src/ui/messages.ts. */
export type Context = Readonly<Record<string, Json>>

/** The catalogue of a language. */
export type Texts = typeof en
