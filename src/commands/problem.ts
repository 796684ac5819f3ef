/** A command that cannot do what it was asked to do; its message is for the person at the terminal. */
export class CommandError extends Error {}

/** A command that was called in a way that makes no sense; the person is shown how it is used, too. */
export class UsageError extends CommandError {}
