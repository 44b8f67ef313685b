-- An erased record has lost content and digest; what is left keeps it from coming back.
ALTER TABLE record ADD COLUMN erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1));
CREATE INDEX record_erased ON record (patient, name) WHERE erased = 1;

-- A record as it is sealed in one relationship: it is in every set from `first` on, up to `last` if it is gone since. It
-- keeps its salt meanwhile, so that a history of sets is as long as its changes; every set is kept. Where a record was
-- erased, its commitment is left, which says nothing without the salt.
CREATE TABLE sealing (
  pseudonym  BLOB NOT NULL REFERENCES relationship (pseudonym),
  record     INTEGER NOT NULL REFERENCES record (id),
  first      INTEGER NOT NULL REFERENCES record_set (id),
  last       INTEGER REFERENCES record_set (id),
  salt       BLOB CHECK (length(salt) = 32),
  commitment BLOB CHECK (length(commitment) = 32),
  PRIMARY KEY (pseudonym, record, first),
  CHECK ((salt IS NULL) <> (commitment IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX sealing_record ON sealing (record);

-- Up to here each set had salts of its own, and only the newest sets were kept.
INSERT INTO sealing (pseudonym, record, first, last, salt)
SELECT pseudonym, record, record_set, nullif(record_set, newest), salt
FROM sealed_record
JOIN record_set ON record_set.id = record_set
JOIN (SELECT pseudonym, max(id) AS newest FROM record_set GROUP BY pseudonym) AS newest_set USING (pseudonym);
DROP TABLE sealed_record;
