-- The time step of the last code of an authenticator app that was accepted: it, and all before it, are used up.

alter table identity_credentials add column last_used_step bigint;
