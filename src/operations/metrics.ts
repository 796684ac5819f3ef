import { createRequire } from 'node:module'
import type { ResponseNote } from '../http/server.ts'
import type { buildInfo } from '../version.ts'

const require = createRequire(import.meta.url)

export type Metrics = { record(note: ResponseNote): void; text(): Promise<{ contentType: string; body: string }> }

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const bytes = [128, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 5_242_880]

/** HTTP figures in the families that dashboards for Kratos know. One registry for both ports, which survives reloads. */
export function createMetrics({ version, commit, builtAt }: ReturnType<typeof buildInfo>): Metrics {
  const { Registry, Counter, Histogram, collectDefaultMetrics } = require('prom-client') as typeof import('prom-client')
  const registry = new Registry()
  registry.setDefaultLabels({ app: 'zelos', version, hash: commit, buildTime: builtAt })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const responseTime = new Histogram({
    name: 'http_response_time_seconds',
    help: 'Time to answer a request.',
    labelNames: ['endpoint'],
    buckets: seconds,
    registers,
  })
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered.',
    labelNames: ['code', 'method', 'endpoint'],
    registers,
  })
  const durations = new Histogram({
    name: 'http_requests_duration_seconds',
    help: 'Time to answer a request, by outcome.',
    labelNames: ['code', 'method', 'endpoint'],
    buckets: seconds,
    registers,
  })
  const responseSize = new Histogram({
    name: 'http_response_size_bytes',
    help: 'Size of response bodies.',
    labelNames: ['code', 'method'],
    buckets: bytes,
    registers,
  })
  const requestSize = new Histogram({
    name: 'http_requests_size_bytes',
    help: 'Size of request bodies.',
    labelNames: ['code', 'method'],
    buckets: bytes,
    registers,
  })
  const statuses = new Counter({
    name: 'http_requests_statuses_total',
    help: 'Requests answered, by class of status.',
    labelNames: ['method', 'status_bucket'],
    registers,
  })

  return {
    record({ method, pattern, status, durationMs, requestBytes, responseBytes }) {
      const endpoint = pattern.replace(/\{[^}]+\}/g, '{param}')
      const code = String(status)
      responseTime.observe({ endpoint }, durationMs / 1000)
      requests.inc({ code, method, endpoint })
      durations.observe({ code, method, endpoint }, durationMs / 1000)
      responseSize.observe({ code, method }, responseBytes)
      requestSize.observe({ code, method }, requestBytes)
      statuses.inc({ method, status_bucket: `${code[0]}xx` })
    },
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}
