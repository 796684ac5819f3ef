import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadSource } from '../../lib/source.ts'
import type { Static } from '../../lib/shape.ts'
import type { courier } from '../config.ts'
import { modelOf, templateFields, type JsonObject, type TemplateName, type Via } from '../message.ts'
import { renderBuiltIn, type Rendered } from './built-in.ts'
import { compileTemplate, GoStruct, TemplateError, type Template, type TemplateFile } from './go-template.ts'
import { sampleMessage, templateKinds } from './sample.ts'

/** Something in the configured templates that keeps them from being used. */
export type TemplateProblem = {
  path: string
  reason: string
  remedy: string
  /** Without HTML a mail still goes out, as plain text. */
  isHtml: boolean
}

export type TemplateLibrary = {
  /** Reads and parses every template of one's own. @returns what is wrong; addresses out of reach are only logged */
  check(): Promise<TemplateProblem[]>
  /** @throws Error when a template of one's own fails; one for HTML is left out instead */
  render(template: TemplateName, via: Via, model: JsonObject): Promise<Rendered>
}

type Deps = {
  templates: Static<typeof courier>['templates']
  overridePath: string | undefined
  loadSource: LoadSource
  warn(problem: { error: unknown; template: string }, text: string): void
}

type Slot = 'subject' | 'plaintext' | 'html'

/** File names in a folder of templates; siblings that begin alike are parsed along. */
const files: Record<Via, Partial<Record<Slot, { name: string; siblings: string }>>> = {
  email: {
    subject: { name: 'email.subject.gotmpl', siblings: 'email.subject' },
    plaintext: { name: 'email.body.plaintext.gotmpl', siblings: 'email.body.plaintext' },
    html: { name: 'email.body.gotmpl', siblings: 'email.body' },
  },
  sms: { plaintext: { name: 'sms.body.gotmpl', siblings: 'sms.body' } },
}

/** The built-in texts, and what an operator put in their place. */
export function createTemplateLibrary(deps: Deps): TemplateLibrary {
  const compiled = new Map<string, Promise<Template | undefined>>()

  /** The operator's template for a part of a message, if there is one. What could not be read is tried again next time. */
  function own(template: TemplateName, via: Via, slot: Slot): Promise<Template | undefined> {
    const key = `${template} ${via} ${slot}`
    let found = compiled.get(key)
    if (!found) {
      found = load(deps, template, via, slot)
      compiled.set(key, found)
      found.catch(() => compiled.delete(key))
    }
    return found
  }

  return {
    async check() {
      const problems = await Promise.all(
        templateKinds.flatMap(({ template, via }) =>
          slotsOf(via).map(async (slot): Promise<TemplateProblem[]> => {
            try {
              await own(template, via, slot)
              return []
            } catch (error) {
              const { path, url } = configured(deps.templates, template, via, slot)
              if (!(error instanceof TemplateError) && url !== undefined && /^https?:/i.test(url)) {
                deps.warn(
                  { error, template: path },
                  'A template cannot be read yet. It is tried again when it is needed.',
                )
                return []
              }
              return [
                {
                  path: url === undefined ? 'courier.template_override_path' : path,
                  reason: sentence((error as Error).message),
                  remedy: 'Correct the template or its address.',
                  isHtml: slot === 'html',
                },
              ]
            }
          }),
        ),
      )
      return problems.flat()
    },

    async render(template, via, model) {
      const builtIn = renderBuiltIn(template, via, model)
      const fields = new GoStruct(templateFields(template, via, model))
      const fill = async (slot: Slot): Promise<string | undefined> => (await own(template, via, slot))?.(fields)
      try {
        const [subject, body] = await Promise.all([via === 'email' ? fill('subject') : undefined, fill('plaintext')])
        return {
          // A line break would end the header.
          subject: subject === undefined ? builtIn.subject : subject.trim().replace(/[\r\n]+/g, ' '),
          body: body ?? builtIn.body,
          htmlBody: via === 'email' ? await htmlOrNot(() => fill('html'), builtIn.htmlBody, template) : null,
        }
      } catch (error) {
        throw new Error(`The template ${template} for ${via} cannot be filled in: ${(error as Error).message}`, {
          cause: error,
        })
      }
    },
  }

  async function htmlOrNot(
    fill: () => Promise<string | undefined>,
    builtIn: string | null,
    template: string,
  ): Promise<string | null> {
    try {
      return (await fill()) ?? builtIn
    } catch (error) {
      deps.warn({ error, template }, 'An HTML template cannot be filled in. The mail goes out as plain text.')
      return null
    }
  }
}

const slotsOf = (via: Via): Slot[] => (via === 'email' ? ['subject', 'plaintext', 'html'] : ['plaintext'])

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`)

async function load(deps: Deps, template: TemplateName, via: Via, slot: Slot): Promise<Template | undefined> {
  const { path, url } = configured(deps.templates, template, via, slot)
  const mode = slot === 'html' ? 'html' : 'text'
  const fields = new Set(Object.keys(templateFields(template, via, modelOf(sampleMessage(template, via)))))
  if (url !== undefined) {
    const name = url.startsWith('file://') ? url.slice('file://'.length) : path
    return compileTemplate(mode, { name, source: await deps.loadSource(url) }, [], fields)
  }
  if (deps.overridePath === undefined) return undefined
  const { name, siblings } = files[via][slot]!
  const [main, ...others] = await readFolder(join(deps.overridePath, ...folderOf(template)), name, siblings)
  return main && compileTemplate(mode, main, others, fields)
}

/** `recovery_code_valid` is `recovery_code`, `valid`; a notice has no second word. */
function folderOf(template: TemplateName): string[] {
  const [, name = template, answer] = /^(.*)_(valid|invalid)$/.exec(template) ?? []
  return answer === undefined ? [template] : [name, answer]
}

type Configured = { subject?: string; body: { plaintext?: string; html?: string } }

/** Where in the configuration a template stands, and its address if there is one. */
function configured(
  templates: Deps['templates'],
  template: TemplateName,
  via: Via,
  slot: Slot,
): { path: string; url: string | undefined } {
  const place = [...folderOf(template), via]
  const found = place.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    templates,
  ) as Configured | undefined
  const [keys, url] = slot === 'subject' ? ['subject', found?.subject] : [`body.${slot}`, found?.body[slot]]
  return { path: `courier.templates.${place.join('.')}.${keys}`, url }
}

/** A template and what lies beside it under a similar name. Nothing when the template itself is missing. */
async function readFolder(folder: string, main: string, siblings: string): Promise<TemplateFile[]> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
  if (!names.includes(main)) return []
  const others = names.filter((name) => name !== main && name.startsWith(siblings)).sort()
  return Promise.all(
    [main, ...others].map(async (name) => ({
      name: name === main ? join(folder, name) : name,
      source: await readFile(join(folder, name), 'utf8'),
    })),
  )
}
