-- How often somebody has guessed at what one person alone can know: the code of an app, a backup code, a code that was sent
-- to an address. The subject says whose and which; addresses are hashed. What nobody guesses at for a day is forgotten.

create table guesses (
  subject text primary key,
  count int not null,
  last_at bigint not null
);

create index guesses_last_at on guesses (last_at);
