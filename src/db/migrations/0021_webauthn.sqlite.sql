-- Challenges that an authenticator has answered with success: each of them counts once. They go with their flows.
-- People who sign in with a passkey are found by the handle that it returns; an older kind of record holds it inside.

create table used_challenges (
  challenge text primary key,
  flow_id uuid not null references flows (id) on delete cascade
);

create index used_challenges_flow on used_challenges (flow_id);

create index identity_credentials_user_handle on identity_credentials (json_extract(config, '$.user_handle')) where type = 'webauthn';
