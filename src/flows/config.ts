import { choice, duration, flag, uriReference } from '../lib/shape.ts'

/** The page that Kratos names where none is configured. */
export const fallbackPage = (flow: string) => `https://www.ory.com/kratos/docs/fallback/${flow}`

/** Keys that every flow with a form has. */
export const flowBasics = (flow: string) => ({
  ui_url: uriReference(fallbackPage(flow)),
  lifespan: duration('1h'),
})

/** Keys of the flows that send a link or code: recovery and verification. */
export const mailedFlow = (flow: string) => ({
  ...flowBasics(flow),
  enabled: flag(false),
  use: choice(['link', 'code'], 'code'),
  notify_unknown_recipients: flag(false),
})

export const errorPage = uriReference(fallbackPage('error'))
