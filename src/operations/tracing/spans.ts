import { AsyncLocalStorage } from 'node:async_hooks'
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type TextMapGetter,
  type TextMapPropagator,
  type Tracer,
} from '@opentelemetry/api'

/** Measures pieces of work and knows which of them belongs to which. */
export type Spans = {
  /** The work that a request from outside asks for. It is part of the trace that its headers name, if they name one. */
  served<T>(headers: Headers, name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T>
  /** A piece of the work that is going on. What nothing led to, such as a look for messages to send, is not measured. */
  part<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>
  /** A request to the outside. `work` gets the headers by which the other side can join the trace. */
  asked<T>(
    name: string,
    attributes: Attributes,
    work: (span: Span, headers: Record<string, string>) => Promise<T>,
  ): Promise<T>
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const getter: TextMapGetter<Headers> = { get: (headers, key) => headers[key], keys: (headers) => Object.keys(headers) }

export function createSpans(tracer: Tracer, propagator: TextMapPropagator): Spans {
  const current = new AsyncLocalStorage<Context>()

  async function within<T>(span: Span, parent: Context, work: () => Promise<T>): Promise<T> {
    try {
      return await current.run(trace.setSpan(parent, span), work)
    } catch (error) {
      // The class of an error only: its message may hold what is nobody's business.
      span.setAttribute('error.type', error instanceof Error ? error.constructor.name : 'unknown')
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  }

  return {
    served(headers, name, attributes, work) {
      const parent = propagator.extract(ROOT_CONTEXT, headers, getter)
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
      return within(span, parent, () => work(span))
    },
    part(name, attributes, work) {
      const parent = current.getStore()
      if (!parent || !trace.getSpan(parent)?.isRecording()) return work()
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent)
      return within(span, parent, work)
    },
    asked(name, attributes, work) {
      const parent = current.getStore() ?? ROOT_CONTEXT
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent)
      const headers: Record<string, string> = {}
      propagator.inject(trace.setSpan(parent, span), headers, {
        set(carrier, key, value) {
          carrier[key] = value
        },
      })
      return within(span, parent, () => work(span, headers))
    },
  }
}
