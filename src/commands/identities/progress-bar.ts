/** What is shown while something takes long: how much is done, how fast, and how long it still takes. */
export type ProgressBar = { advance(count: number): void; close(): void }

const redrawMs = 100
const cells = 24

/** On a terminal only; elsewhere nothing is shown. `total` is undefined when nobody knows how much there is. */
export function createProgressBar(total: number | undefined, to: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!to.isTTY) return { advance: () => {}, close: () => {} }
  const started = performance.now()
  let done = 0
  let drawnAt = 0
  const draw = () => {
    drawnAt = performance.now()
    to.write(`\r\x1b[K${progressLine({ done, total, elapsedMs: drawnAt - started })}`)
  }
  return {
    advance(count) {
      done += count
      if (performance.now() - drawnAt >= redrawMs) draw()
    },
    close() {
      draw()
      to.write('\n')
    },
  }
}

export function progressLine({
  done,
  total,
  elapsedMs,
}: {
  done: number
  total: number | undefined
  elapsedMs: number
}): string {
  const perSecond = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0
  const speed = `${Math.round(perSecond).toLocaleString('en')}/s`
  if (total === undefined) return `${done.toLocaleString('en')} identities, ${speed}`
  const share = total === 0 ? 1 : done / total
  const bar = '█'.repeat(Math.round(share * cells)).padEnd(cells, '░')
  const left = perSecond > 0 && done < total ? `, ${duration((total - done) / perSecond)} left` : ''
  return `${bar} ${Math.floor(share * 100)} % of ${total.toLocaleString('en')}, ${speed}${left}`
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
