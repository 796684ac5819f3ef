-- Self-service flows of every kind, what is parked while a person signs in again, and errors for the error page.

create table flows (
  id uuid primary key,
  name text not null,
  type text not null,
  identity_id uuid references identities (id) on delete cascade,
  issued_at bigint not null,
  expires_at bigint not null,
  data text not null
);

create index flows_identity on flows (identity_id);

create index flows_expiry on flows (expires_at);

create table continuity_containers (
  id uuid primary key,
  name text not null,
  identity_id uuid references identities (id) on delete cascade,
  payload text not null,
  expires_at bigint not null
);

create index continuity_containers_expiry on continuity_containers (expires_at);

create table self_service_errors (
  id uuid primary key,
  body text not null,
  created_at bigint not null
);

create index self_service_errors_created on self_service_errors (created_at);
