import { findIdentityWithCredentials } from '../../identities/store.ts'
import { errors } from '../../errors.ts'
import type { Db } from '../../db/db.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import type { Session } from '../../sessions/session.ts'
import { sortNodes, type SortOrder } from '../../ui/node.ts'
import type { Flow, Ui } from '../flow.ts'
import { withCsrf } from '../form.ts'
import { identifierLabel } from './identifier.ts'
import type { LoginMethod, LoginScreen } from './method.ts'

const order: SortOrder = {
  groups: ['oidc', 'default', 'webauthn', 'passkey', 'code', 'password', 'totp', 'lookup_secret'],
  keys: ['csrf_token', 'identifier', 'password'],
}

/** A login form with its nodes in the order of the wire. */
export const sorted = (ui: Ui): Ui => ({ ...ui, nodes: ui.nodes && sortNodes(ui.nodes, order) })

/** The form with this rendering's cross-site token. Native forms have the field too, empty, once they ask for anything. */
export const withToken = (ui: Ui, flow: Flow, csrfToken: () => string): Ui =>
  flow.type === 'browser' ? withCsrf(ui, csrfToken()) : ui.nodes === null ? ui : withCsrf(ui, '')

export type FormDeps = {
  db: Db
  schemas: IdentitySchemas
  methods: readonly LoginMethod[]
  settings: { style: 'unified' | 'identifier_first' }
}

/** Which screen a new flow begins with, and what of the request it depends on. */
export type Opening = { flow: Flow; session: Session | undefined; via: string | undefined; csrfToken: () => string }

/** The form of a new login flow. */
export async function openingForm(deps: FormDeps, opening: Opening): Promise<Ui> {
  const { flow, csrfToken } = opening
  const screen = await openingScreen(deps, opening)
  let ui = flow.ui
  // No method of this server can sign in to an organization.
  const methods = flow.organizationId !== null && flow.requestedAal !== 'aal2' ? [] : deps.methods
  for (const method of methods) if (method.enabled) ui = await method.draw(ui, screen)
  return sorted(withToken(ui, flow, csrfToken))
}

async function openingScreen(
  { db, schemas, settings }: FormDeps,
  { flow, session, via }: Opening,
): Promise<LoginScreen> {
  if (session && flow.requestedAal === 'aal2')
    return { kind: 'second_factor', flow, identity: await ownerOf(db, session), via }
  if (session && flow.refresh) return { kind: 'refresh', flow, identity: await ownerOf(db, session) }
  const label = identifierLabel(await schemas.get(flow.identitySchema ?? schemas.defaultId))
  return {
    kind: settings.style === 'identifier_first' ? 'identification' : 'first_factor',
    flow,
    identifierLabel: label,
  }
}

async function ownerOf(db: Db, { identityId }: Session): Promise<IdentityWithCredentials> {
  const identity = await findIdentityWithCredentials(db, identityId)
  if (!identity) throw errors.sessionInactive()
  return identity
}
