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
import type { Advance } from '../outcome.ts'
import type { LoginMethod, LoginScreen, LoginShortcut } from './method.ts'

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

/** The first screen of a new login flow, and its form. */
export async function openingForm(deps: FormDeps, opening: Opening): Promise<{ screen: LoginScreen; ui: Ui }> {
  const { flow, csrfToken } = opening
  const screen = await openingScreen(deps, opening)
  let ui = flow.ui
  let tokenless = true
  // No method of this server can sign in to an organization.
  const methods = flow.organizationId !== null && flow.requestedAal !== 'aal2' ? [] : deps.methods
  for (const method of methods) {
    const drawn = method.enabled ? await method.draw(ui, screen) : ui
    if (drawn !== ui) tokenless &&= method.omitsNativeToken?.(screen) ?? false
    ui = drawn
  }
  return { screen, ui: sorted(flow.type === 'api' && tokenless ? ui : withToken(ui, flow, csrfToken)) }
}

/** The cross-site token in a form that a method made itself: those of native flows have no field for it. */
export const withBrowserToken = (ui: Ui, flow: Flow, csrfToken: () => string): Ui =>
  flow.type === 'browser' ? withToken(ui, flow, csrfToken) : ui

/** What follows on a screen at once, for the first method that sees nothing left to choose. */
export async function shortcutFrom(shortcut: LoginShortcut): Promise<Advance | undefined> {
  for (const method of shortcut.methods) {
    const next = await method.shortcut?.(shortcut)
    if (next) return next
  }
  return undefined
}

async function openingScreen(
  { db, schemas, settings }: FormDeps,
  { flow, session, via }: Opening,
): Promise<LoginScreen> {
  if (session && flow.requestedAal === 'aal2')
    return { kind: 'second_factor', flow, identity: await ownerOf(db, session), via }
  const label = identifierLabel(await schemas.get(flow.identitySchema ?? schemas.defaultId))
  if (session && flow.refresh)
    return { kind: 'refresh', flow, identity: await ownerOf(db, session), identifierLabel: label }
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
