-- The gatekeeper's own store. Byte strings are BLOBs of fixed length, times are seconds since 1970.

-- A patient as this provider knows them. `version` rises whenever a record of theirs is added or replaced.
CREATE TABLE patient (
  id      TEXT PRIMARY KEY NOT NULL,
  name    TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A record: its canonical bytes, and their digest as it was when the record came in. Content that was changed
-- behind the gatekeeper's back no longer fits its digest, and the reader sees it. A replaced record stays until no
-- record set names it.
CREATE TABLE record (
  id       INTEGER PRIMARY KEY,
  patient  TEXT NOT NULL REFERENCES patient (id),
  name     TEXT NOT NULL,                                    -- `Type/id`
  category INTEGER NOT NULL CHECK (category BETWEEN 0 AND 15),
  key      BLOB NOT NULL CHECK (length(key) = 40),
  digest   BLOB NOT NULL CHECK (length(digest) = 32),
  content  TEXT NOT NULL,
  replaced INTEGER NOT NULL DEFAULT 0 CHECK (replaced IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX record_current ON record (patient, name) WHERE replaced = 0;

-- A one-time code; only its hash is kept.
CREATE TABLE invitation (
  code_hash   BLOB PRIMARY KEY NOT NULL CHECK (length(code_hash) = 32),
  patient     TEXT NOT NULL REFERENCES patient (id),
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  redeemed_by BLOB CHECK (length(redeemed_by) = 20)
) STRICT, WITHOUT ROWID;

-- Which patient stands behind a pseudonym. Never on chain.
CREATE TABLE relationship (
  pseudonym BLOB PRIMARY KEY NOT NULL CHECK (length(pseudonym) = 20),
  patient   TEXT NOT NULL REFERENCES patient (id),
  opened_at INTEGER NOT NULL,
  closed    INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)), -- proven to be rejected or ended, which is final
  anchored  INTEGER NOT NULL DEFAULT 0                       -- entries of the access log proven to be on chain
) STRICT, WITHOUT ROWID;

-- A record set as it was made for one relationship, with salts of its own, so that two relationships of one
-- patient share nothing on chain.
CREATE TABLE record_set (
  id              INTEGER PRIMARY KEY,
  pseudonym       BLOB NOT NULL REFERENCES relationship (pseudonym),
  root            BLOB NOT NULL UNIQUE CHECK (length(root) = 32),
  count           INTEGER NOT NULL,
  category_salts  BLOB NOT NULL CHECK (length(category_salts) = 512),
  patient_version INTEGER NOT NULL,
  proven          INTEGER NOT NULL DEFAULT 0 CHECK (proven IN (0, 1)) -- whether its root was proven to be on chain
) STRICT;
CREATE INDEX record_set_pseudonym ON record_set (pseudonym, id);
CREATE TABLE sealed_record (
  record_set INTEGER NOT NULL REFERENCES record_set (id) ON DELETE CASCADE,
  record     INTEGER NOT NULL REFERENCES record (id),
  salt       BLOB NOT NULL CHECK (length(salt) = 32),
  PRIMARY KEY (record_set, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_record_record ON sealed_record (record);

-- Nonces of accepted requests, until the requests have expired.
CREATE TABLE nonce (
  signer     BLOB NOT NULL CHECK (length(signer) = 20),
  nonce      BLOB NOT NULL CHECK (length(nonce) = 16),
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (signer, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_expiry ON nonce (expires_at);

-- Every access, as a chain per relationship: head = SHA-256(former head || SHA-256(entry)).
CREATE TABLE access (
  pseudonym BLOB NOT NULL REFERENCES relationship (pseudonym),
  number    INTEGER NOT NULL CHECK (number > 0),
  at        INTEGER NOT NULL,
  refused   INTEGER NOT NULL CHECK (refused IN (0, 1)),
  entry     TEXT NOT NULL,
  head      BLOB NOT NULL CHECK (length(head) = 32),
  PRIMARY KEY (pseudonym, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_refused ON access (pseudonym, at) WHERE refused = 1;
