-- Identities and what belongs to them: credentials with their identifiers, addresses to verify, addresses for recovery.
-- Moments are microseconds since 1970; JSON is kept as the text that was received, so that number literals survive.

create table identities (
  id uuid primary key,
  external_id text unique,
  schema_id text not null,
  state text not null,
  state_changed_at bigint,
  traits text not null,
  metadata_public text,
  metadata_admin text,
  organization_id uuid,
  available_aal text,
  created_at bigint not null,
  updated_at bigint not null
);

create index identities_organization on identities (organization_id, id);

create table identity_credentials (
  identity_id uuid not null references identities (id) on delete cascade,
  type text not null,
  config text not null,
  version int not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (identity_id, type)
);

create table identity_credential_identifiers (
  type text not null,
  identifier text not null,
  identity_id uuid not null references identities (id) on delete cascade,
  primary key (type, identifier)
);

create index identity_credential_identifiers_identity on identity_credential_identifiers (identity_id);

create table verifiable_addresses (
  id uuid primary key,
  identity_id uuid not null references identities (id) on delete cascade,
  via text not null,
  value text not null,
  verified boolean not null,
  status text not null,
  verified_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  unique (via, value)
);

create index verifiable_addresses_identity on verifiable_addresses (identity_id);

create table recovery_addresses (
  id uuid primary key,
  identity_id uuid not null references identities (id) on delete cascade,
  via text not null,
  value text not null,
  break_glass_for_organization uuid,
  created_at bigint not null,
  updated_at bigint not null,
  unique (via, value)
);

create index recovery_addresses_identity on recovery_addresses (identity_id);
