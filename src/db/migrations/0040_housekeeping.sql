-- What has expired is looked for by these, so that it can be removed a few rows at a time.

create index sessions_expiry on sessions (expires_at);

create index session_token_exchanges_created on session_token_exchanges (created_at);
