-- Who would like to be granted something, as signed by whom; the newest request of each.
CREATE TABLE access_request (
  pseudonym BLOB NOT NULL REFERENCES relationship (pseudonym),
  signer    BLOB NOT NULL CHECK (length(signer) = 20),
  at        INTEGER NOT NULL,
  request   TEXT NOT NULL,
  PRIMARY KEY (pseudonym, signer)
) STRICT, WITHOUT ROWID;
