import { credentialsOf, type IdentityWithCredentials } from './identity.ts'
import { canonical } from './schema/equal.ts'

/** Whether a change touches what a person signs in with or is reached by. Lists are compared as sets. */
export function changesProtected(before: IdentityWithCredentials, after: IdentityWithCredentials): boolean {
  const fingerprint = (identity: IdentityWithCredentials) =>
    JSON.stringify([
      credentialsOf(identity)
        .map(({ type, config, identifiers }) => canonical([type, config, identifiers.toSorted()]))
        .toSorted(),
      identity.verifiableAddresses
        .map(({ value, verified, via, status, verifiedAt }) =>
          JSON.stringify([value, verified, via, status, verifiedAt]),
        )
        .toSorted(),
      identity.recoveryAddresses
        .map(({ value, via, breakGlassForOrganization }) => JSON.stringify([value, via, breakGlassForOrganization]))
        .toSorted(),
    ])
  return fingerprint(before) !== fingerprint(after)
}
