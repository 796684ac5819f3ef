import { createJsonnet } from '../../src/lib/jsonnet/jsonnet.ts'
import { median } from './load.ts'
import type { Bench } from './measurement.ts'

const snippet = `function(ctx) {
  flow_id: ctx.flow.id,
  [if 'identity' in ctx then 'identity_id' else null]: ctx.identity.id,
  [if 'identity' in ctx then 'traits' else null]: ctx.identity.traits,
  greeting: std.format('Hello %s', ctx.identity.traits.name),
}`
const identity = { id: '5d9b7b38-6b5c-4c4e-9d6f-1f7d3e2b8a10', traits: { email: 'ada@shop.example', name: 'Ada' } }
const variables = { tla: { ctx: { flow: { id: 'a1b8f0e6-3d1f-4a1a-8a6f-0f3d5d3c7c55' }, identity } } }

/** The body of a web hook, over and over, by as many at once as a busy server would have. */
export async function jsonnet({ seconds, rounds, connections, report }: Bench): Promise<void> {
  const engine = createJsonnet({})
  try {
    await engine.evaluate(snippet, variables)
    const rates: number[] = []
    for (let i = 0; i < rounds; i++) {
      const started = performance.now()
      const until = started + seconds * 1000
      let count = 0
      await Promise.all(
        Array.from({ length: connections }, async () => {
          for (; performance.now() < until; count++) await engine.evaluate(snippet, variables)
        }),
      )
      rates.push(count / ((performance.now() - started) / 1000))
    }
    report('Jsonnet evaluations per second', median(rates), '')
  } finally {
    await engine.close()
  }
}
