import { flag, list, object, text, uri } from '../lib/shape.ts'

export const identity = object({
  default_schema_id: text({ default: 'default' }),
  schemas: list(object({ id: text(), url: uri(), selfservice_selectable: flag(false) }, { open: true }), {
    minItems: 1,
  }),
})

export const security = object(
  {
    account_enumeration: object({ mitigate: flag(false) }, { open: true }),
    /** With it, a `$ref` may lead to the same document or to `base64://`, nowhere else. */
    disallow_ref_in_identity_schemas: flag(false),
  },
  { open: true },
)

/** Of Kratos' commercial edition; accepted so that its files load, without effect. */
export const enterprise = object({ identity_schema_fallback_url_template: text({ default: '' }) })
