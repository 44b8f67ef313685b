-- Which source a record was read from, if it was: there it can also be gone.
ALTER TABLE record ADD COLUMN source TEXT;
-- Which relationship it was contributed to, if somebody else wrote it: it is in that one's sets alone, because its id and
-- subject name the pseudonym.
ALTER TABLE record ADD COLUMN contributed_to BLOB REFERENCES relationship (pseudonym);
DROP INDEX record_current;
CREATE UNIQUE INDEX record_current ON record (patient, name, ifnull(contributed_to, x'')) WHERE replaced = 0;
CREATE INDEX record_source ON record (source, patient) WHERE source IS NOT NULL AND replaced = 0;
