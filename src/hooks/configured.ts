/** A hook as the configuration names it. */
export type ConfiguredHook = { hook: string; config?: unknown }

/** Hooks of editions that know organizations: they may be configured, do nothing here, and are named at the start. */
const foreign = new Set(['organization', 'b2b_sso'])

export const isKnown = ({ hook }: ConfiguredHook): boolean => !foreign.has(hook)
