import { domainToASCII } from 'node:url'
import type { Request } from '../http/types.ts'
import { withQuery } from '../http/urls.ts'
import { messages } from '../ui/messages.ts'
import { nodeValue } from '../ui/node.ts'
import { decodeBody, type BodySpec, type DecodedBody } from './decode.ts'
import type { Flow } from './flow.ts'
import { findNode, type Problem } from './form.ts'

// What recovery and verification share: both ask for an address and send something to it.

/**
 * Reads a submission. Texts may also stand in the query: those count before JSON, and behind a form.
 * compat: this order – oryx/decoderx/http.go
 */
export async function readSubmission(request: Request, spec: BodySpec): Promise<DecodedBody> {
  const isGet = request.method === 'GET'
  const decoded = decodeBody(
    {
      method: request.method,
      contentType: request.headers['content-type'],
      body: isGet ? Buffer.alloc(0) : await request.body(),
      query: request.query,
    },
    spec,
  )
  if (decoded.kind === 'bad' || isGet) return decoded
  const isForm = !(request.headers['content-type'] ?? '').startsWith('application/json')
  const value = { ...decoded.value }
  for (const { name, type } of spec.fields) {
    const asked = request.query.get(name) ?? ''
    if (type === 'string' && asked !== '' && !(isForm && name in value)) value[name] = asked
  }
  return { kind: 'ok', value }
}

const maxAddressLength = 320

/** What is wrong with a text as a mail address: all of it, each with the value that it is about. */
export function emailProblems(email: string | undefined): Problem[] {
  if (email === undefined) return []
  const problems: Problem[] = []
  if (!isLooseEmail(email)) problems.push({ node: 'email', message: messages.notAnEmail({ value: email }) })
  return [...problems, ...lengthProblems(email)]
}

/** An address may be long, but not endless. */
export function lengthProblems(email: string | undefined): Problem[] {
  const length = email === undefined ? 0 : [...email].length
  return length <= maxAddressLength
    ? []
    : [{ node: 'email', message: messages.tooLong({ max_length: maxAddressLength, actual_length: length }) }]
}

/**
 * Whether a text has the form of a mail address, dots anywhere, with a domain that the internationalised names allow.
 * compat: looser than the standard – x/email.go
 */
export function isLooseEmail(text: string): boolean {
  const at = text.indexOf('@')
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)]
  return (
    at > 0 &&
    Buffer.byteLength(text) <= maxAddressLength &&
    /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u.test(local) &&
    /^[\p{L}\p{N}\p{M}.-]+$/u.test(domain) &&
    domainToASCII(domain) !== ''
  )
}

/** The cross-site token with which a form was made; empty for native flows. */
export function tokenOf(flow: Flow): string {
  const node = findNode(flow.ui, 'csrf_token')
  return node ? String(nodeValue(node) ?? '') : ''
}

/** A token for a new form of a flow. Whoever comes without the cookie gets one, so that the form can be read. */
export function newToken(request: Request, { type }: Pick<Flow, 'type'>): string {
  if (type === 'api') return ''
  const token = request.csrf.token()
  if (token !== '') return token
  request.csrf.rotate()
  return request.csrf.token()
}

/** The request as if its address had these parameters, too. */
export function withParameters(request: Request, params: Record<string, string | undefined>): Request {
  const target = withQuery(request.target, params)
  const query = new URLSearchParams(request.query)
  for (const [name, value] of Object.entries(params)) if (value !== undefined) query.set(name, value)
  return Object.create(request, { query: { value: query }, target: { value: target } }) as Request
}

/** Requests that look at a page before a person does must not use up what the page is for. */
export const isLookAhead = (request: Request): boolean =>
  request.method === 'HEAD' ||
  ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    String(request.headers[name] ?? '').includes('prefetch'),
  )
