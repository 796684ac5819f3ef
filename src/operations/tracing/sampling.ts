import { ParentBasedSampler, SamplingDecision, TraceIdRatioBasedSampler, type Sampler } from '@opentelemetry/sdk-trace'
import type { Outbound } from '../../http/outbound.ts'
import { isObject } from '../../lib/json.ts'

/** A share of the traces that begin here; a trace that began elsewhere is recorded if it is recorded there. */
export const shareOf = (share: number): Sampler =>
  new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Math.min(Math.max(share, 0), 1)) })

const refreshMs = 60_000

/**
 * The same with a share that a Jaeger server decides, asked each minute. Until it has answered, and while it does not, the
 * share is the last one known.
 */
export function askedShare({
  outbound,
  serverUrl,
  serviceName,
  initialShare,
  onFailure,
}: {
  outbound: Outbound
  serverUrl: string
  serviceName: string
  initialShare: number
  onFailure(error: unknown): void
}): { sampler: Sampler; close(): void } {
  let current: Sampler = new TraceIdRatioBasedSampler(initialShare)
  const url = new URL(serverUrl)
  url.searchParams.set('service', serviceName)

  async function refresh(): Promise<void> {
    try {
      const { status, body } = await outbound(url.href, { timeoutMs: 10_000 })
      if (status !== 200) throw new Error(`the sampling server answered ${status}`)
      current = samplerOf(JSON.parse(body.toString()))
    } catch (error) {
      onFailure(error)
    }
  }
  void refresh()
  const timer = setInterval(() => void refresh(), refreshMs).unref()
  return {
    sampler: new ParentBasedSampler({
      root: {
        shouldSample: (...about) => current.shouldSample(...about),
        toString: () => `AskedShare{${current.toString()}}`,
      },
    }),
    close: () => clearInterval(timer),
  }
}

/** @throws Error for an answer that says nothing */
function samplerOf(answer: unknown): Sampler {
  if (isObject(answer)) {
    const { probabilisticSampling, rateLimitingSampling } = answer
    if (isObject(rateLimitingSampling) && typeof rateLimitingSampling.maxTracesPerSecond === 'number')
      return atMost(rateLimitingSampling.maxTracesPerSecond)
    if (isObject(probabilisticSampling) && typeof probabilisticSampling.samplingRate === 'number')
      return new TraceIdRatioBasedSampler(probabilisticSampling.samplingRate)
  }
  throw new Error('the sampling server does not say how much is to be sampled')
}

/** So many traces a second, those that come first. */
function atMost(perSecond: number): Sampler {
  let credit = Math.max(perSecond, 1)
  let at = performance.now()
  return {
    shouldSample() {
      const now = performance.now()
      credit = Math.min(credit + ((now - at) / 1000) * perSecond, Math.max(perSecond, 1))
      at = now
      if (credit < 1) return { decision: SamplingDecision.NOT_RECORD }
      credit--
      return { decision: SamplingDecision.RECORD_AND_SAMPLED }
    },
    toString: () => `AtMost{${perSecond}}`,
  }
}
