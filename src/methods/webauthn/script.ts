import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HelperScript } from '../../flows/ceremony/form.ts'
import { joinPath } from '../../http/urls.ts'

const path = '/.well-known/ory/webauthn.js'
const source = readFileSync(join(import.meta.dirname, 'browser.js'))
const integrity = `sha512-${createHash('sha512').update(source).digest('base64')}`

/** The helper script as forms refer to it: pages refuse any other bytes. */
export const helperScript = (publicBaseUrl: string): HelperScript => ({ src: joinPath(publicBaseUrl, path), integrity })

export { path as helperScriptPath, source as helperScriptSource }
