/** What the main thread hands to a worker: complete Jsonnet code, and the JSON text of its variables. */
export type Job = { id: number; code: string; variables: string; maxOutputBytes: number }

/** What became of a job. After `broken` the worker is of no more use. */
export type JobResult =
  | { kind: 'done'; text: string }
  | { kind: 'failed'; message: string }
  | { kind: 'too-large' }
  | { kind: 'broken'; message: string }

export type WorkerMessage = 'ready' | { id: number; result: JobResult }
