// Runs Jsonnet off the main thread, one snippet at a time; the main thread ends it when it takes too long.
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import type Engine from '@arakoodev/jsonnet'
import type { Job, JobResult } from './protocol.ts'

const maxErrorLength = 1024

// Linear memory lies outside of the heap, so that a worker's resource limits do not cover it: 2,048 pages are 128 MiB.
// It has to be said before the engine is loaded, and that has no other moment than this one.
setFlagsFromString('--wasm-max-mem-pages=2048')
const Jsonnet = createRequire(import.meta.url)('@arakoodev/jsonnet') as typeof Engine

// One engine for all: making one means reading the standard library, which takes longer than most snippets do. Nothing of
// an evaluation is left for the next but the name of this variable, which is set anew each time.
const engine = new Jsonnet()

function run({ code, variables, maxOutputBytes }: Omit<Job, 'id'>): JobResult {
  engine.extString('variables', variables)
  const text = engine.evaluateSnippet(code)
  if (Buffer.byteLength(text) > maxOutputBytes) return { kind: 'too-large' }
  // The engine hands over errors as if they were output; none of them reads as JSON.
  return isJson(text) ? { kind: 'done', text } : { kind: 'failed', message: text.slice(0, maxErrorLength) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

parentPort!.on('message', ({ id, ...job }: Job) => {
  try {
    parentPort!.postMessage({ id, result: run(job) })
  } catch (error) {
    // A trap leaves the engine in no state to go on with. Memory or stack used up is the usual reason, a panic inside another.
    parentPort!.postMessage({
      id,
      result: {
        kind: 'broken',
        message: `The evaluation needs too much memory or is nested too deep (${String(error)}).`,
      },
    })
  }
})
parentPort!.postMessage('ready')
