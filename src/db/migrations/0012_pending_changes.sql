-- New addresses that have to be proven before they count: the traits as they are to be, by the verification that they
-- wait for. The session in which the change was asked for has to be good still when it is made.
create table pending_traits_changes (
  id uuid primary key,
  identity_id uuid not null unique references identities (id) on delete cascade,
  session_id uuid not null references sessions (id) on delete cascade,
  verification_flow_id uuid not null unique references flows (id) on delete cascade,
  settings_flow_id uuid not null,
  traits text not null,
  original_traits_hash text not null,
  created_at bigint not null
);

create index pending_traits_changes_session on pending_traits_changes (session_id);
