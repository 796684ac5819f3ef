import type { Identity, VerifiableAddress, Via } from './identity.ts'

/** How an address that somebody typed is looked for: as it was written first, then as addresses are stored. */
export const addressSpellings = (typed: string, normalise: (text: string) => string): [string, string] => [
  typed,
  normalise(typed),
]

/** What is on the way to an address that was typed: with an `@` it can only be mail. */
export const viaOf = (typed: string): Via => (typed.includes('@') ? 'email' : 'sms')

/** The identity as it is once one of its addresses has changed its state. */
export const withAddress = <I extends Identity>(
  identity: I,
  which: Pick<VerifiableAddress, 'via' | 'value'>,
  change: Partial<VerifiableAddress>,
): I => ({
  ...identity,
  verifiableAddresses: identity.verifiableAddresses.map((address) =>
    address.via === which.via && address.value === which.value ? { ...address, ...change } : address,
  ),
})
