-- A row of audit_pending is written with every commit: found by its key alone,
-- it touches one tree instead of two.
-- sqlite only
CREATE TABLE audit_pending_new (
  stream BLOB NOT NULL,
  n BIGINT NOT NULL,
  count BIGINT NOT NULL,
  frames BLOB NOT NULL,
  PRIMARY KEY (stream, n)
) WITHOUT ROWID;
INSERT INTO audit_pending_new (stream, n, count, frames)
  SELECT stream, n, count, frames FROM audit_pending;
DROP TABLE audit_pending;
ALTER TABLE audit_pending_new RENAME TO audit_pending;
-- both
