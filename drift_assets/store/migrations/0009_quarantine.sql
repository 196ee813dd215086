-- A file that cannot be read is set aside with the reason, and the rest of its day is monitored.
-- Days may come from tables too.

ALTER TABLE inputs ADD COLUMN quarantine VARCHAR;
COMMENT ON COLUMN inputs.quarantine IS 'Why the file could not be read and was left out; NULL if it was read.';
COMMENT ON TABLE inputs IS 'The files and tables that the reported run of a day read, and the files that it left out.';
COMMENT ON COLUMN inputs.path IS 'The file, its address in an object store, or the table.';
COMMENT ON COLUMN inputs.n_bytes IS 'Its size; 0 for a table.';
COMMENT ON COLUMN inputs.modified_at IS 'When it was last changed before it was read; for a table, when it was read.';
