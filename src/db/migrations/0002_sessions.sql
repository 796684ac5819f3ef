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

-- Codes with which a native app picks up a session that was made in a browser tab. Of the codes only hashes are kept;
-- the session token is sealed with a key that follows from the second code, which travels through the browser.
create table session_token_exchanges (
  init_code_hash text primary key,
  flow_id uuid not null unique,
  return_to_code_hash text,
  session_id uuid references sessions (id) on delete cascade,
  sealed_token text,
  redeemable_until bigint,
  created_at bigint not null
);

create index session_token_exchanges_session on session_token_exchanges (session_id);
