-- How many events of the segment have the term: so a list counts its matches
-- without reading segments. NULL in rows that are older than this column.
ALTER TABLE audit_terms ADD COLUMN count BIGINT;
