import { errors } from '../../../errors.ts'
import type { ProviderConfig, ProviderKind } from '../provider.ts'
import { amazon } from './amazon.ts'
import { apple } from './apple.ts'
import { auth0 } from './auth0.ts'
import { dingtalk } from './dingtalk.ts'
import { discord } from './discord.ts'
import { facebook } from './facebook.ts'
import { generic } from './generic.ts'
import { githubApp } from './github-app.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { google } from './google.ts'
import { lark } from './lark.ts'
import { line } from './line.ts'
import { linkedinV2 } from './linkedin-v2.ts'
import { linkedin } from './linkedin.ts'
import { microsoft } from './microsoft.ts'
import { netid } from './netid.ts'
import { patreon } from './patreon.ts'
import { salesforce } from './salesforce.ts'
import { slack } from './slack.ts'
import { spotify } from './spotify.ts'
import { uaepass } from './uaepass.ts'
import { vk } from './vk.ts'
import { x } from './x.ts'
import { yandex } from './yandex.ts'

/** A name that the configuration knows for the sake of the reference's own tests. */
const forTestsOnly: ProviderKind = (config) => {
  const refuse = () =>
    Promise.reject(errors.invalidConfiguration(`The provider ${config.id} is of a kind that exists for tests only.`))
  return {
    config,
    commonRedirect: false,
    takesNonce: false,
    usesPkce: () => Promise.resolve(false),
    authorize: refuse,
    arrive: refuse,
  }
}

/** TABLE of the kinds of providers, by their names in the configuration. */
export const providerKinds: Record<ProviderConfig['provider'], ProviderKind> = {
  generic,
  google,
  apple,
  microsoft,
  github,
  'github-app': githubApp,
  gitlab,
  discord,
  slack,
  facebook,
  vk,
  yandex,
  spotify,
  auth0,
  salesforce,
  dingtalk,
  netid,
  linkedin,
  linkedin_v2: linkedinV2,
  patreon,
  lark,
  x,
  line,
  amazon,
  uaepass,
  'fedcm-test': forTestsOnly,
}
