-- Where the access log was anchored, or may have been: an anchor that was sent has a digest once the chain shows it.
CREATE TABLE anchor (
  pseudonym BLOB NOT NULL REFERENCES relationship (pseudonym),
  count     INTEGER NOT NULL CHECK (count > 0),              -- entries up to the anchored head
  digest    BLOB CHECK (length(digest) = 32),                -- over all anchors up to this one, once proven
  PRIMARY KEY (pseudonym, count)
) STRICT, WITHOUT ROWID;
