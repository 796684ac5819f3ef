import {
  type Finding,
  anything,
  choice,
  duration,
  flag,
  list,
  map,
  nullable,
  object,
  optional,
  text,
  uri,
} from '../../lib/shape.ts'

const claimRequest = nullable(
  object({ essential: optional(flag()), value: optional(anything()), values: optional(list(anything())) }),
)

const providerShape = object(
  {
    id: text(),
    provider: choice([
      'github',
      'github-app',
      'gitlab',
      'generic',
      'google',
      'microsoft',
      'discord',
      'salesforce',
      'slack',
      'facebook',
      'auth0',
      'vk',
      'yandex',
      'apple',
      'spotify',
      'netid',
      'dingtalk',
      'patreon',
      'line',
      'linkedin',
      'linkedin_v2',
      'lark',
      'x',
      'fedcm-test',
      'amazon',
      'uaepass',
    ]),
    label: optional(text()),
    client_id: text(),
    client_secret: optional(text()),
    issuer_url: optional(uri()),
    auth_url: optional(uri()),
    token_url: optional(uri()),
    /** Jsonnet that turns claims into traits. */
    mapper_url: uri(),
    scope: optional(list(text())),
    microsoft_tenant: optional(text()),
    subject_source: choice(['userinfo', 'me', 'oid'], 'userinfo'),
    apple_team_id: optional(text()),
    apple_private_key_id: optional(text()),
    apple_private_key: optional(text()),
    requested_claims: optional(
      object({ userinfo: optional(map(claimRequest)), id_token: optional(map(claimRequest)) }, { open: true }),
    ),
    organization_id: optional(text()),
    additional_id_token_audiences: optional(list(text())),
    aal2_acr_values: optional(list(text())),
    aal2_amr_values: optional(list(text())),
    claims_source: choice(['id_token', 'userinfo'], 'id_token'),
    pkce: choice(['auto', 'never', 'force'], 'auto'),
    fedcm_config_url: optional(uri()),
    net_id_token_origin_header: optional(text()),
    account_linking_mode: choice(['confirm_with_existing_credential', 'automatic'], 'confirm_with_existing_credential'),
    update_identity_on_login: choice(['never', 'automatic'], 'never'),
  },
  { rule: (provider) => [...microsoftRule(provider), ...appleRule(provider)] },
)

type Credentials = {
  provider: string
  microsoft_tenant?: string
  client_secret?: string
  apple_team_id?: string
  apple_private_key_id?: string
  apple_private_key?: string
}

const needed = (key: string, provider: string): Finding => ({
  at: [key],
  reason: `A provider of the kind ${provider} needs this key.`,
  remedy: `Add ${key}.`,
})
const notForThis = (key: string, provider: string): Finding => ({
  at: [key],
  reason: `A provider of the kind ${provider} must not have this key.`,
  remedy: `Remove ${key}.`,
})

function microsoftRule({ provider, microsoft_tenant }: Credentials): Finding[] {
  if (provider === 'microsoft') return microsoft_tenant === undefined ? [needed('microsoft_tenant', provider)] : []
  return microsoft_tenant === undefined ? [] : [notForThis('microsoft_tenant', provider)]
}

// Apple takes a signed assertion for a client secret, everybody else the secret itself. Empty texts count as missing.
function appleRule(provider: Credentials): Finding[] {
  const keys = ['apple_team_id', 'apple_private_key_id', 'apple_private_key'] as const
  if (provider.provider === 'apple')
    return [
      ...keys.filter((key) => provider[key] === undefined).map((key) => needed(key, 'apple')),
      ...(provider.client_secret ? [notForThis('client_secret', 'apple')] : []),
    ]
  return [
    ...(provider.client_secret === undefined ? [needed('client_secret', provider.provider)] : []),
    ...keys.filter((key) => provider[key]).map((key) => notForThis(key, provider.provider)),
  ]
}

export const oidc = object({
  enabled: flag(false),
  config: object({
    base_redirect_uri: optional(uri()),
    providers: list(providerShape, { default: [] }),
  }),
})

/** Organisations of business customers. */
export const b2b = object({
  config: object({
    organizations: list(
      object(
        {
          id: optional(text()),
          label: optional(text()),
          domains: optional(list(text({ format: 'hostname' }))),
          session_lifespan: optional(duration()),
        },
        { open: true },
      ),
      { default: [] },
    ),
  }),
})
