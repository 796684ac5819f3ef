-- One-time codes that were sent to somebody, and links that do the same by a click. Of both only hashes are kept.
-- How many codes were tried is counted on the flow, so that all processes share one budget.

alter table flows add column code_tries int not null default 0;

-- A row whose identity is null stands for an address that nobody has, or for somebody who is about to register.
create table one_time_codes (
  id uuid primary key,
  flow_id uuid not null references flows (id) on delete cascade,
  purpose text not null,
  identity_id uuid references identities (id) on delete cascade,
  via text not null,
  address text not null,
  by_operator boolean not null,
  code_hash text not null,
  expires_at bigint not null,
  used_at bigint,
  created_at bigint not null
);

create index one_time_codes_flow on one_time_codes (flow_id, purpose);

create index one_time_codes_identity on one_time_codes (identity_id);

create table link_tokens (
  token_hash text primary key,
  flow_id uuid not null references flows (id) on delete cascade,
  purpose text not null,
  identity_id uuid references identities (id) on delete cascade,
  via text not null,
  address text not null,
  by_operator boolean not null,
  expires_at bigint not null,
  used_at bigint,
  created_at bigint not null
);

create index link_tokens_flow on link_tokens (flow_id);

create index link_tokens_identity on link_tokens (identity_id);
