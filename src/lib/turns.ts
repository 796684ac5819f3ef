/**
 * Lets work under the same key run one after another, and work under different keys side by side.
 * `waited` says whether somebody else was first.
 */
export type Turns = <T>(key: string, work: (waited: boolean) => Promise<T>) => Promise<T>

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = last.get(key)
    const mine = (before ?? Promise.resolve()).then(() => work(before !== undefined))
    // Whoever comes next waits for the end of this work, not for its success.
    const ended = mine.catch(() => undefined)
    last.set(key, ended)
    try {
      return await mine
    } finally {
      if (last.get(key) === ended) last.delete(key)
    }
  }
}
