import { Worker } from 'node:worker_threads'
import { encodeJson } from '../json.ts'
import type { Job, JobResult, WorkerMessage } from './protocol.ts'

/** `failed` holds what the snippet or the engine said; `busy`: too many evaluations are waiting; `closed`: after `close()`. */
export type JsonnetProblem = 'timeout' | 'failed' | 'too-large' | 'busy' | 'closed'

export class JsonnetError extends Error {
  readonly kind: JsonnetProblem
  constructor(kind: JsonnetProblem, message: string) {
    super(message)
    this.kind = kind
  }
}

/** JSON values by name: `extVars` for `std.extVar(name)`, `tla` for the parameters of a snippet that is a function. */
export type JsonnetVariables = { extVars?: Record<string, unknown>; tla?: Record<string, unknown> }

export type Jsonnet = {
  /** Starts a worker ahead of the first evaluation, which then does not wait for the engine to be loaded. */
  prepare(): void
  /** The value that a snippet makes. Throws `JsonnetError`. */
  evaluate(snippet: string, variables?: JsonnetVariables): Promise<unknown>
  /** The same as JSON text, indented and with members in order of their names, as Jsonnet writes it. */
  evaluateToText(snippet: string, variables?: JsonnetVariables): Promise<string>
  /** Ends the workers; what is still running fails with `closed`. */
  close(): Promise<void>
}

export type JsonnetOptions = {
  workers?: number
  /** For one evaluation, not counting the time in which it waits for a worker. */
  timeoutMs?: number
  maxOutputBytes?: number
  /** How many evaluations may wait for a worker. */
  maxWaiting?: number
}

type Task = Omit<Job, 'id'> & { settle(result: JobResult | JsonnetError): void }
type Lane = {
  worker: Worker
  ready: boolean
  /** How many evaluations it has begun. */
  begun: number
  task: Task | undefined
  timer: NodeJS.Timeout | undefined
}

/** The engine never gives all of its memory back: some kilobytes of every evaluation stay. */
const maxEvaluations = 2000

const startTimeoutMs = 10_000

/**
 * Evaluates Jsonnet in worker threads: without imports, in bounded time, memory and output. Workers start when they are
 * first needed, or a little earlier, and do not keep the process alive; one that got stuck is ended and replaced.
 */
export function createJsonnet({
  workers = 1,
  timeoutMs = 1000,
  maxOutputBytes = 1024 * 1024,
  maxWaiting = 256,
}: JsonnetOptions = {}): Jsonnet {
  const lanes = new Set<Lane>()
  const waiting: Task[] = []
  let closed = false
  let jobs = 0

  function submit(task: Task): void {
    if (closed) return task.settle(new JsonnetError('closed', 'The server is going down.'))
    if (waiting.length >= maxWaiting)
      return task.settle(new JsonnetError('busy', `${maxWaiting} evaluations are waiting already.`))
    waiting.push(task)
    if (![...lanes].some(({ task: current }) => !current) && lanes.size < workers) open()
    advance()
  }

  /** Gives waiting tasks to idle workers. A worker that is still starting keeps its task until it is ready. */
  function advance(): void {
    for (const lane of lanes) {
      if (lane.task) continue
      const task = waiting.shift()
      if (!task) return
      lane.task = task
      lane.worker.ref()
      if (lane.ready) begin(lane, task)
      else limit(lane, startTimeoutMs)
    }
  }

  function begin(lane: Lane, { code, variables, maxOutputBytes: limitBytes }: Task): void {
    limit(lane, timeoutMs)
    lane.begun++
    lane.worker.postMessage({ id: ++jobs, code, variables, maxOutputBytes: limitBytes } satisfies Job)
  }

  function limit(lane: Lane, ms: number): void {
    clearTimeout(lane.timer)
    lane.timer = setTimeout(
      () => drop(lane, new JsonnetError('timeout', `The evaluation took longer than ${timeoutMs} ms.`)),
      ms,
    )
  }

  function finish(lane: Lane, result: JobResult | JsonnetError): void {
    clearTimeout(lane.timer)
    const { task } = lane
    lane.task = undefined
    lane.worker.unref()
    task?.settle(result)
  }

  /** Ends a worker for good and lets another take its place, if there is work. */
  function drop(lane: Lane, reason: JobResult | JsonnetError): void {
    if (!lanes.delete(lane)) return
    finish(lane, reason)
    void lane.worker.terminate()
    if (waiting.length > 0 && !closed) {
      open()
      advance()
    }
  }

  /** What earlier evaluations left behind may have broken this one: a worker that has done nothing yet tells. */
  function again(lane: Lane): void {
    const { task } = lane
    lane.task = undefined
    if (task) waiting.unshift(task)
    drop(lane, new JsonnetError('failed', 'The evaluation ended early.'))
  }

  function open(): void {
    const worker = new Worker(
      new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
      {
        // Panics of the engine would be printed past the log.
        stdout: true,
        stderr: true,
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
      },
    )
    const lane: Lane = { worker, ready: false, begun: 0, task: undefined, timer: undefined }
    lanes.add(lane)
    worker.on('message', (message: WorkerMessage) => {
      if (message === 'ready') {
        lane.ready = true
        if (lane.task) begin(lane, lane.task)
        return
      }
      if (message.result.kind === 'broken') return lane.begun > 1 ? again(lane) : drop(lane, message.result)
      if (lane.begun >= maxEvaluations) return drop(lane, message.result)
      finish(lane, message.result)
      advance()
    })
    worker.on('error', (error) =>
      drop(lane, new JsonnetError('failed', `The evaluation ended early: ${String(error)}`)),
    )
    worker.on('exit', () => drop(lane, new JsonnetError('failed', 'The evaluation ended early.')))
    // A listener for messages keeps the process alive again, so this comes after them.
    worker.unref()
  }

  const evaluateToText = (snippet: string, { extVars = {}, tla = {} }: JsonnetVariables = {}) =>
    new Promise<string>((resolve, reject) => {
      submit({
        code: wrapped(snippet, Object.keys(tla)),
        variables: encodeJson({ ext: extVars, tla }),
        maxOutputBytes,
        settle(result) {
          if (result instanceof JsonnetError) reject(result)
          else if (result.kind === 'done') resolve(result.text)
          else if (result.kind === 'too-large')
            reject(new JsonnetError('too-large', `The result has more than ${maxOutputBytes} bytes.`))
          else reject(new JsonnetError('failed', result.message))
        },
      })
    })

  return {
    prepare() {
      if (!closed && lanes.size === 0) open()
    },
    evaluateToText,
    evaluate: async (snippet, variables) => JSON.parse(await evaluateToText(snippet, variables)) as unknown,
    async close() {
      closed = true
      const gone = new JsonnetError('closed', 'The server is going down.')
      for (const task of waiting.splice(0)) task.settle(gone)
      const ending = [...lanes].map(({ worker }) => worker.terminate())
      for (const lane of lanes) drop(lane, gone)
      await Promise.all(ending)
    },
  }
}

/**
 * The engine knows external variables as strings only, and no parameters. So the snippet becomes the body of a function
 * in which `std.extVar` looks into one parsed JSON value. All of it stands on the first line, for the line numbers in
 * errors. `arakoo` is the engine's own library, which no other Jsonnet has.
 */
function wrapped(snippet: string, parameters: string[]): string {
  for (const name of parameters)
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new JsonnetError('failed', 'A parameter needs a plain name.')
  const values = parameters.map((name) => `${name}=__values.tla.${name}`).join(', ')
  const call =
    parameters.length === 0 ? '__result' : `if std.isFunction(__result) then __result(${values}) else __result`
  return (
    `local __outer = std; local __values = std.parseJson(std.extVar('variables')); local __result = ` +
    `(function(std, arakoo) (${snippet}\n))(__outer + { extVar(name):: ` +
    `if __outer.objectHas(__values.ext, name) then __values.ext[name] else error 'There is no external variable ' + name }, null); ${call}`
  )
}
