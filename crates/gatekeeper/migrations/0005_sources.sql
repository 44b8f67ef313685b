-- Which source a record was read from, if it was: there it can also be gone.
ALTER TABLE record ADD COLUMN source TEXT;
CREATE INDEX record_source ON record (source, patient) WHERE source IS NOT NULL AND replaced = 0;
