import { flag, object, optional, uriReference } from '../../lib/shape.ts'

export const logout = object({
  /** Whether the answer asks the browser to clear cookies and storage of the site. */
  clear_browser_data: flag(false),
  after: object({ default_browser_return_url: optional(uriReference()) }),
})
