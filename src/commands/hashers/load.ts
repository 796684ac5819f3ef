import { randomInt } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

export type Load = {
  requests: number
  totalMs: number
  medianMs: number
  deviationMs: number
  minMs: number
  maxMs: number
  residentBytes: number
}

/**
 * What it would be like if so many people signed in a minute: they come at random over the time of the sample, and each
 * waits for a hash.
 * @param onDone is told after each how many are through
 */
export async function loadTest(
  hash: () => Promise<unknown>,
  { perMinute, sampleMs, onDone = () => {} }: { perMinute: number; sampleMs: number; onDone?(done: number): void },
): Promise<Load> {
  const requests = Math.max(1, Math.round((perMinute * sampleMs) / 60_000))
  const started = performance.now()
  const times: number[] = []
  let residentBytes = 0
  await Promise.all(
    Array.from({ length: requests }, async () => {
      await wait(randomInt(Math.max(1, Math.round(sampleMs))))
      const before = performance.now()
      await hash()
      times.push(performance.now() - before)
      residentBytes = Math.max(residentBytes, process.memoryUsage.rss())
      onDone(times.length)
    }),
  )
  const sorted = times.toSorted((a, b) => a - b)
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
  return {
    requests,
    totalMs: performance.now() - started,
    medianMs: sorted[Math.floor(sorted.length / 2)]!,
    deviationMs: Math.sqrt(times.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / times.length),
    minMs: sorted[0]!,
    maxMs: sorted.at(-1)!,
    residentBytes,
  }
}

/** How long a hash takes when nothing else goes on: the mean of several. */
export async function timeOf(hash: () => Promise<unknown>, runs: number): Promise<number> {
  const started = performance.now()
  for (let i = 0; i < runs; i++) await hash()
  return (performance.now() - started) / runs
}

/** A duration as the configuration takes it. */
export const duration = (ms: number): string => `${Math.round(ms)}ms`
