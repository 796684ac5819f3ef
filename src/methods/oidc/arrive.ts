import { createHash } from 'node:crypto'
import { UniqueViolation } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { isFormError } from '../../flows/answer.ts'
import { openPendingJar } from '../../flows/continuity.ts'
import { flowPage, returnToOf, type Flow } from '../../flows/flow.ts'
import type { Problem } from '../../flows/form.ts'
import { problemsFrom } from '../../flows/form.ts'
import { problemsIn } from '../../flows/hook.ts'
import { completeLogin, OutdatedProof } from '../../flows/login/complete.ts'
import { openLinkingFlow, waitingLink } from '../../flows/login/linking.ts'
import { openFlow } from '../../flows/login/start.ts'
import { problemOf, showAgain } from '../../flows/login/submit.ts'
import { withLoginRequest } from '../../flows/oauth2.ts'
import { completeRegistration } from '../../flows/registration/complete.ts'
import { openRegistration, registrationDisabled } from '../../flows/registration/start.ts'
import { generic, newIdentity, reasonOf } from '../../flows/registration/submit.ts'
import { findOwner, providersOf, usableTypes } from '../../flows/registration/taken.ts'
import { insertFlow } from '../../flows/store.ts'
import { loginFlow } from '../../flows/wire.ts'
import type { Client } from '../../http/negotiate.ts'
import { json, redirect } from '../../http/respond.ts'
import { withQuery } from '../../http/urls.ts'
import type { Request, Response } from '../../http/types.ts'
import type { IdentityWithCredentials, VerifiableAddress } from '../../identities/identity.ts'
import { findIdentityByIdentifier, updateIdentity } from '../../identities/store.ts'
import { applySchema } from '../../identities/update.ts'
import type { Micros } from '../../lib/clock.ts'
import { isObject, RawJson, type Json } from '../../lib/json.ts'
import { newUuid } from '../../lib/uuid.ts'
import { handOnExchange } from '../../sessions/exchange/exchange.ts'
import type { Statement } from '../../db/db.ts'
import { messages } from '../../ui/messages.ts'
import { factorOf, identifierOf, linksOf, newLink, withLinks } from './credential.ts'
import type { OidcDeps } from './deps.ts'
import { backToApp, showRegistration } from './forms.ts'
import { merged, type Mapped } from './mapper.ts'
import type { Arrival, Provider } from './provider.ts'

/** Somebody whom a provider knows, in a login or registration flow. */
export type Arriving = {
  request: Request
  client: Client
  flow: Flow
  kind: 'login' | 'registration'
  provider: Provider
  arrival: Arrival
  byExchange: boolean
  /** What the form said of the traits when it was sent. */
  traits: Record<string, Json>
  transientPayload: Json
}

const name = 'oidc'

/**
 * Signs somebody in whom a provider knows, or up, or asks whose account it is that has their address already. Either flow
 * becomes the other where that is what the person needs.
 * @throws ApiError whatever no form can show
 */
export async function arrive(deps: OidcDeps, arriving: Arriving): Promise<Response> {
  const identity = await knownIdentity(deps, arriving)
  if (identity) return signIn(deps, await asLogin(deps, arriving), identity)
  return arriving.kind === 'login' ? newcomer(deps, arriving) : signUp(deps, arriving)
}

async function knownIdentity(
  { db }: OidcDeps,
  { provider: { config }, arrival }: Arriving,
): Promise<IdentityWithCredentials | undefined> {
  const { sub = '' } = arrival.claims
  const found = await findIdentityByIdentifier(db, ['oidc'], [identifierOf(config.id, sub)])
  // The identifier `a:b:c` may be that of `b:c` at the provider `a`, or of `c` at `a:b`.
  return found && linksOf(found).some((link) => link.provider === config.id && link.subject === sub) ? found : undefined
}

// -- signing in -------------------------------------------------------------------------------------------------------

/** Who signs up as somebody who exists goes on in a login flow. */
async function asLogin(deps: OidcDeps, arriving: Arriving): Promise<Arriving> {
  if (arriving.kind === 'login') return arriving
  const { request, flow } = arriving
  const { flow: login } = await openFlow(deps.flows().login, request, {
    type: flow.type,
    requestUrl: flow.requestUrl,
    aal: 'aal1',
    refresh: false,
    organizationId: flow.organizationId,
    identitySchema: flow.identitySchema,
    via: undefined,
    current: undefined,
  })
  await deps.db.batch([insertFlow(login), handOnExchange(flow.id, login.id)])
  return { ...arriving, flow: login, kind: 'login' }
}

const maxTries = 5

async function signIn(
  deps: OidcDeps,
  arriving: Arriving,
  identity: IdentityWithCredentials,
  tries = 1,
): Promise<Response> {
  const { request, client, flow, provider, arrival, byExchange } = arriving
  const { login } = deps.flows()
  const used: Flow = { ...flow, active: name }
  try {
    if (byExchange && waitingLink(flow)) checkTab(deps, request, flow)
    const updated = await updatedOnLogin(deps, arriving, identity)
    if (updated.problems.length > 0) return await refuseLogin(deps, { ...arriving, flow: used }, updated.problems)
    return await completeLogin(login, {
      request,
      client,
      flow: used,
      method: name,
      current: await login.authenticate(request),
      fresh: true,
      byExchange,
      transientPayload: arriving.transientPayload,
      result: {
        identity: updated.identity,
        factor: factorOf(provider.config, arrival.claims),
        statements: updated.statements,
      },
    })
  } catch (error) {
    if (error instanceof OutdatedProof && tries < maxTries) {
      const again = await knownIdentity(deps, arriving)
      if (again) return signIn(deps, arriving, again, tries + 1)
    }
    // compat: nothing is linked when an address that the provider says now is somebody else's – selfservice/strategy/oidc/strategy_login.go
    if (error instanceof UniqueViolation) throw errors.conflict(undefined, { cause: error })
    if (isFormError(error)) return refuseLogin(deps, { ...arriving, flow: used }, problemsIn(error, problemOf))
    throw error
  }
}

const tabEntry = 'ory_kratos_oidc_linking'

/**
 * An app's flow goes through any tab. When an account waits to be connected with whoever signs in, it has to be the tab in
 * which its owner was: somebody else may have been led to the provider by a link.
 * @throws errors.badRequest
 */
function checkTab({ continuity }: OidcDeps, request: Request, flow: Flow): void {
  if (openPendingJar(continuity, request).noted(tabEntry) !== flow.id)
    throw errors.badRequest(
      'This connection was begun in another browser. Sign in by other means, or connect the account in your settings.',
    )
}

/** The login form again, with what is wrong; an app is sent back to, and reads it there. */
export async function refuseLogin(
  deps: OidcDeps,
  { request, client, flow, byExchange }: Pick<Arriving, 'request' | 'client' | 'flow' | 'byExchange'>,
  problems: readonly Problem[],
): Promise<Response> {
  const { login } = deps.flows()
  const shown = await showAgain(login, { request, client, flow, current: undefined }, flow.ui, problems)
  if (!byExchange) return shown
  return backToApp(deps, request, flow, login.settings.returnUrlAfter(name))
}

type Updated = { identity: IdentityWithCredentials; statements: Statement[]; problems: readonly Problem[] }

/** The identity as the provider knows it now, where the configuration wants that. */
async function updatedOnLogin(
  deps: OidcDeps,
  { provider, arrival: { claims } }: Arriving,
  identity: IdentityWithCredentials,
): Promise<Updated> {
  const unchanged = { identity, statements: [], problems: [] }
  if (provider.config.update_identity_on_login !== 'automatic') return unchanged
  const mapped = await deps.runMapper(provider.config, claims, identity)
  const now = deps.clock.now()
  const traits = merged((identity.traits.value ?? {}) as Record<string, Json>, mapped.traits)
  const draft: IdentityWithCredentials = {
    ...identity,
    traits: RawJson.of(traits),
    ...metadataOf(mapped),
    verifiableAddresses: withVerified(identity.verifiableAddresses, mapped, now),
  }
  const applied = await applySchema(deps.flows().registration, draft)
  if (applied.errors.length > 0) return { ...unchanged, problems: problemsFrom(applied.errors) }
  if (applied.emptyIdentifier)
    return { ...unchanged, problems: [{ node: undefined, message: messages.noIdentifier() }] }
  if (sameContent(identity, applied.identity)) return unchanged
  const after = { ...applied.identity, updatedAt: now }
  return {
    identity: after,
    statements: updateIdentity(identity, after, { unchangedSince: identity.updatedAt }),
    problems: [],
  }
}

const metadataOf = ({ metadataPublic, metadataAdmin }: Mapped) => ({
  ...(metadataPublic ? { metadataPublic: RawJson.of(metadataPublic) } : {}),
  ...(metadataAdmin ? { metadataAdmin: RawJson.of(metadataAdmin) } : {}),
})

function sameContent(a: IdentityWithCredentials, b: IdentityWithCredentials): boolean {
  const content = ({ traits, metadataPublic, metadataAdmin, verifiableAddresses, recoveryAddresses }: typeof a) =>
    JSON.stringify([
      traits.value,
      metadataPublic?.value,
      metadataAdmin?.value,
      verifiableAddresses.map(({ id, verified }) => [id, verified]).toSorted(),
      recoveryAddresses.map(({ id }) => id).toSorted(),
    ])
  return content(a) === content(b)
}

/** Addresses together with those that the provider has verified; the schema then keeps those that a trait leads to. */
function withVerified(
  addresses: readonly VerifiableAddress[],
  { verifiedAddresses }: Mapped,
  now: Micros,
): VerifiableAddress[] {
  // Whole seconds, as the reference keeps them.
  const verifiedAt = Math.floor(now / 1_000_000) * 1_000_000
  const verified = { verified: true, status: 'completed' as const, verifiedAt, updatedAt: now }
  const isNamed = ({ via, value }: Pick<VerifiableAddress, 'via' | 'value'>) =>
    verifiedAddresses.some((named) => named.via === via && named.value === value)
  const kept = addresses.map((known) => (isNamed(known) && !known.verified ? { ...known, ...verified } : known))
  const added = verifiedAddresses
    .filter(({ via, value }) => !addresses.some((known) => known.via === via && known.value === value))
    .map(({ via, value }) => ({ id: newUuid(), via, value, createdAt: now, ...verified }))
  return [...kept, ...added]
}

// -- signing up -------------------------------------------------------------------------------------------------------

/** Somebody signs in whom nobody knows: a registration takes the place of the login. */
async function newcomer(deps: OidcDeps, arriving: Arriving): Promise<Response> {
  const { request, flow } = arriving
  const { registration } = deps.flows()
  if (!registration.enabled) {
    const draft = await draftOf(deps, arriving)
    const { identity } = await applySchema(registration, draft)
    if (!(await findOwner(deps.db, identity)))
      return refuseLogin(deps, { ...arriving, flow: { ...flow, active: name } }, [problemOf(registrationDisabled())])
    return link(deps, arriving, identity)
  }
  const begun = await openRegistration(registration, request, {
    type: flow.type,
    requestUrl: flow.requestUrl,
    organizationId: flow.organizationId,
    ...(flow.identitySchema === undefined ? {} : { identitySchema: flow.identitySchema }),
    csrfToken: flow.type === 'browser' ? request.csrf.token() : '',
  })
  await deps.db.batch([insertFlow(begun), handOnExchange(flow.id, begun.id)])
  return signUp(deps, { ...arriving, flow: begun, kind: 'registration' })
}

async function signUp(deps: OidcDeps, arriving: Arriving): Promise<Response> {
  const { request, client, flow, provider, arrival, byExchange } = arriving
  const { registration } = deps.flows()
  const schema = await registration.schemas.get(flow.identitySchema ?? registration.schemas.defaultId)
  const internal = { ...flow.internal, [askedEntry]: digestOf(arriving) }
  const used: Flow = { ...flow, active: name, internal }
  let traits: Json | undefined
  try {
    const identity = await draftOf(deps, arriving)
    traits = identity.traits.value
    const completion = await completeRegistration(
      registration,
      { request, client, flow: used, schema, byExchange, transientPayload: arriving.transientPayload },
      { name },
      { identity, factors: [factorOf(provider.config, arrival.claims)] },
    )
    switch (completion.kind) {
      case 'stored':
        return completion.response
      case 'taken':
        return await link(deps, arriving, completion.identity)
      case 'refused':
        return await showRegistration(deps, { ...arriving, flow: used, schema }, completion.problems, traits)
    }
  } catch (error) {
    if (!isFormError(error)) throw error
    const problems = problemsIn(error, (other) => generic(reasonOf(other)))
    return showRegistration(deps, { ...arriving, flow: used, schema }, problems, traits)
  }
}

/** Under which name a flow remembers who was asked for what is missing. */
const askedEntry = 'oidc_asked'

const digestOf = ({ provider, arrival }: Arriving): string =>
  createHash('sha256')
    .update(identifierOf(provider.config.id, arrival.claims.sub ?? ''))
    .digest('base64url')

/**
 * What a form said of the traits. The form of an app may be in other hands than the tab that its person signs in with: it
 * counts once this very person was asked for what is missing, and never before.
 */
const saidOfTraits = (arriving: Arriving): Record<string, Json> =>
  arriving.byExchange && arriving.flow.internal[askedEntry] !== digestOf(arriving)
    ? emptied(arriving.traits)
    : arriving.traits

/** What is left of a form when nothing was filled in. */
const emptied = (traits: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(traits).flatMap(([key, value]): [string, Json][] => {
      if (isObject(value)) return [[key, emptied(value as Record<string, Json>)]]
      return value ? [] : [[key, value]]
    }),
  )

/** Somebody new as the mapper makes them of the claims, and as they described themselves in the form. */
async function draftOf(deps: OidcDeps, arriving: Arriving): Promise<IdentityWithCredentials> {
  const { flow, provider, arrival } = arriving
  const { config } = provider
  const mapped = await deps.runMapper(config, arrival.claims)
  const now = deps.clock.now()
  const schemaId = flow.identitySchema ?? deps.flows().registration.schemas.defaultId
  const identity: IdentityWithCredentials = {
    ...newIdentity(schemaId, merged(mapped.traits, saidOfTraits(arriving)), now),
    ...metadataOf(mapped),
    verifiableAddresses: withVerified([], mapped, now),
  }
  return withLinks(identity, [newLink(deps, config, arrival.claims, arrival.tokens)], now)
}

function tabCookie({ continuity }: OidcDeps, request: Request, flow: Flow): string {
  const jar = openPendingJar(continuity, request)
  jar.note(tabEntry, flow.id)
  return jar.cookie()!
}

/** Somebody else has the address: whose account it is has to be shown first. */
async function link(deps: OidcDeps, arriving: Arriving, wanted: IdentityWithCredentials): Promise<Response> {
  const { request, client, flow, provider, arrival } = arriving
  const { login, registration } = deps.flows()
  const known = await knownIdentity(deps, arriving)
  // Of two who came at once with the same account, the other was faster.
  if (known) return signIn(deps, await asLogin(deps, arriving), known)
  const found = await findOwner(deps.db, wanted)
  if (!found) throw errors.conflict('Somebody else is using this address right now. Please try again.')
  const types = usableTypes(found.owner, registration.rules)
  const linking = await openLinkingFlow(login, request, {
    from: flow,
    link: {
      links: [newLink(deps, provider.config, arrival.claims, arrival.tokens)],
      duplicateIdentifier: found.identifier,
    },
    // compat: without a label it is the kind of provider, not its id – selfservice/strategy/oidc/strategy_registration.go
    provider: { id: provider.config.id, label: provider.config.label || provider.config.provider },
    ways: registration.loginHints
      ? { types, providers: types.includes('oidc') ? providersOf(found.owner) : [] }
      : undefined,
  })
  await deps.db.batch([insertFlow(linking), handOnExchange(flow.id, linking.id)])
  if (client === 'browser') {
    // compat: an app gets the flow and no code here – selfservice/flow/registration/error.go
    const page =
      linking.type === 'api'
        ? login.returnTo(returnToOf(flow), login.settings.returnUrlAfter(name))
        : login.settings.uiUrl
    const response = redirect(request, 303, withQuery(flowPage(page, linking.id), { no_org_ui: 'true' }))
    return arriving.byExchange ? { ...response, cookies: [tabCookie(deps, request, linking)] } : response
  }
  const { transientPayload } = arriving
  return json(400, loginFlow(linking, await withLoginRequest(login, linking, { transientPayload })))
}
