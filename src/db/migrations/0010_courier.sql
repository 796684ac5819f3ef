-- Messages to people, queued in the same transaction as what causes them, and every try to send one.
-- due_at is when a dispatcher may take a message: a queued one then is tried, a claimed one (status processing) is taken
-- from a dispatcher that has gone. It is null once nothing is left to do.

create table courier_messages (
  id uuid primary key,
  status text not null,
  type text not null,
  recipient text not null,
  subject text not null,
  body text not null,
  html_body text,
  template_type text not null,
  template_data text not null,
  request_headers text not null,
  send_count bigint not null,
  due_at bigint,
  claim uuid,
  created_at bigint not null,
  updated_at bigint not null
);

create index courier_messages_due on courier_messages (due_at) where due_at is not null;

create index courier_messages_created on courier_messages (created_at, id);

create index courier_messages_status on courier_messages (status, created_at, id);

create index courier_messages_recipient on courier_messages (recipient, created_at, id);

create table courier_message_dispatches (
  id uuid primary key,
  message_id uuid not null references courier_messages (id) on delete cascade,
  status text not null,
  error text,
  created_at bigint not null
);

create index courier_message_dispatches_message on courier_message_dispatches (message_id, created_at);
