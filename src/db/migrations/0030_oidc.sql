-- Social sign-in under way: what is kept while somebody is at a provider. `payload` is sealed; it holds what the provider's
-- answer is bound to. An attempt is used once; its row stays until it expires, to tell a repeated answer from an unknown one.

create table oidc_attempts (
  id uuid primary key,
  payload text not null,
  used_at bigint,
  expires_at bigint not null
);

create index oidc_attempts_expiry on oidc_attempts (expires_at);
