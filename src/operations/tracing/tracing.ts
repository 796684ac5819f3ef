import { diag, DiagLogLevel, type DiagLogFunction } from '@opentelemetry/api'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider, type Sampler, type SpanExporter } from '@opentelemetry/sdk-trace'
import type { Hashing } from '../../crypto/hashers/hashing.ts'
import type { Db } from '../../db/db.ts'
import { createOutbound, type Outbound } from '../../http/outbound.ts'
import type { Port } from '../../http/ports.ts'
import type { Static } from '../../lib/shape.ts'
import type { tracing } from '../config.ts'
import { createJaegerExporter } from './jaeger.ts'
import { askedShare, shareOf } from './sampling.ts'
import { createSpans } from './spans.ts'
import { tracedDb, tracedHashing, tracedOutbound, tracedPort } from './traced.ts'

export type TracingConfig = Static<typeof tracing>

/** What takes the place of parts of the server so that their work is measured. */
export type Tracing = {
  port(port: Port): Port
  db(db: Db): Db
  hashing(hashing: Hashing): Hashing
  outbound(outbound: Outbound & { close(): Promise<void> }): Outbound & { close(): Promise<void> }
  /** Resolves when what was measured has been sent, or cannot be. */
  close(): Promise<void>
}

type Log = { warn(what: object, text: string): void }

const flushTimeoutMs = 3000

/**
 * Sends traces where the configuration says. Nothing of this file is loaded for a server that has no such place.
 * @throws Error when the configuration names none
 */
export async function startTracing(
  config: TracingConfig,
  { log, version }: { log: Log; version: string },
): Promise<Tracing> {
  // A collector that is away must not fill the log.
  const warn = atMostOnceIn(60_000, (error: unknown) => log.warn({ error }, 'Traces could not be sent.'))
  const onError: DiagLogFunction = (message) => warn(message)
  const silent = () => {}
  diag.setLogger(
    { error: onError, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  )
  setGlobalErrorHandler(warn)

  const sampling = samplingOf(config, warn)
  const provider = new TracerProvider({
    sampler: sampling.sampler,
    resource: resourceFromAttributes({
      'service.name': config.service_name,
      'service.version': version,
      ...(config.deployment_environment === undefined
        ? {}
        : { 'deployment.environment.name': config.deployment_environment }),
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter: await exporterOf(config) })],
  })
  const spans = createSpans(provider.getTracer('zelos', version), new W3CTraceContextPropagator())
  return {
    port: (port) => tracedPort(spans, port),
    db: (db) => tracedDb(spans, db),
    hashing: (hashing) => tracedHashing(spans, hashing),
    outbound: (outbound) => tracedOutbound(spans, outbound),
    async close() {
      await sampling.close()
      // What is left is not worth to keep the process from ending.
      const late = new Promise<void>((resolve) =>
        setTimeout(() => {
          warn(new Error(`the collector did not take what was left within ${flushTimeoutMs / 1000} s`))
          resolve()
        }, flushTimeoutMs).unref(),
      )
      await Promise.race([provider.shutdown().catch(warn), late])
    },
  }
}

async function exporterOf({ provider, providers, service_name: serviceName }: TracingConfig): Promise<SpanExporter> {
  switch (provider) {
    case 'otel': {
      const {
        server_url: server = 'localhost:4318',
        insecure = false,
        authorization_header: authorization,
      } = providers.otlp
      const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
      return new OTLPTraceExporter({
        url: collectorUrl(server, insecure),
        headers: authorization === undefined ? {} : { authorization },
      })
    }
    case 'zipkin': {
      const { ZipkinExporter } = await import('@opentelemetry/exporter-zipkin')
      return new ZipkinExporter({
        url: providers.zipkin.server_url ?? 'http://localhost:9411/api/v2/spans',
        serviceName,
      })
    }
    case 'jaeger':
      return createJaegerExporter({ address: providers.jaeger.local_agent_address ?? 'localhost:6831', serviceName })
    default:
      throw new Error('tracing.provider names nothing that traces could be sent to')
  }
}

/** `collector:4318` or a whole address; traces have a path of their own below it. */
export function collectorUrl(server: string, insecure: boolean): string {
  const url = new URL(server.includes('://') ? server : `${insecure ? 'http' : 'https'}://${server}`)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}

type Sampling = { sampler: Sampler; close(): Promise<void> | void }

function samplingOf(
  { provider, providers, service_name: serviceName }: TracingConfig,
  onFailure: (e: unknown) => void,
): Sampling {
  switch (provider) {
    case 'zipkin':
      // compat: without a share only what callers trace – oryx/otelx/zipkin.go
      return { sampler: shareOf(providers.zipkin.sampling.sampling_ratio ?? 0), close: () => {} }
    case 'jaeger': {
      const { server_url: serverUrl, trace_id_ratio: share = 1 } = providers.jaeger.sampling
      if (serverUrl === undefined) return { sampler: shareOf(share), close: () => {} }
      const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] })
      const asked = askedShare({ outbound, serverUrl, serviceName, initialShare: share, onFailure })
      return {
        sampler: asked.sampler,
        close() {
          asked.close()
          return outbound.close()
        },
      }
    }
    default:
      return { sampler: shareOf(providers.otlp.sampling.sampling_ratio ?? 1), close: () => {} }
  }
}

function atMostOnceIn<T>(ms: number, say: (what: T) => void): (what: T) => void {
  let quietUntil = 0
  return (what) => {
    if (performance.now() < quietUntil) return
    quietUntil = performance.now() + ms
    say(what)
  }
}
