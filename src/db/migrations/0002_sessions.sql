-- Sessions, each with the device that it was opened from. Of the token only its SHA-256 is kept.

create table sessions (
  id uuid primary key,
  identity_id uuid not null references identities (id) on delete cascade,
  token_hash text not null unique,
  active boolean not null,
  aal text not null,
  authentication_methods text not null,
  issued_at bigint not null,
  authenticated_at bigint,
  expires_at bigint not null,
  device_id uuid,
  device_ip_address text,
  device_user_agent text,
  device_location text,
  created_at bigint not null,
  updated_at bigint not null
);

create index sessions_identity on sessions (identity_id, created_at);

create index sessions_created on sessions (created_at, id);

-- Codes with which a native app picks up a session that was made in a browser tab. Hashes only.
create table session_token_exchanges (
  init_code_hash text primary key,
  return_to_code_hash text not null,
  flow_id uuid not null,
  session_id uuid references sessions (id) on delete cascade,
  created_at bigint not null
);

create index session_token_exchanges_flow on session_token_exchanges (flow_id);
