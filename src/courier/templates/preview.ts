import { modelOf, type TemplateName, type Via } from '../message.ts'
import type { Rendered } from './built-in.ts'
import type { Language } from './language.ts'
import type { TemplateLibrary } from './library.ts'
import { sampleMessage } from './sample.ts'

/** A message of one kind with sample data, as a person would get it. */
export function preview(
  templates: TemplateLibrary,
  { template, via, language }: { template: TemplateName; via: Via; language: Language },
): Promise<Rendered> {
  return templates.render(template, via, modelOf(sampleMessage(template, via, language)))
}
