-- Which gatekeeper of several over one database reads the source and writes to the chain, and until when.
CREATE TABLE duty (
  name   TEXT PRIMARY KEY NOT NULL,
  holder TEXT NOT NULL,
  until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
