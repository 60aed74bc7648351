-- The times of 256 segments, [256 k, 256 k + 256), together: where a time lies in a log is found in
-- these first. Times of a log's events are nearly, not wholly, in order.
-- sqlite only
CREATE TABLE audit_spans (
  log BYTEA NOT NULL,
  span BIGINT NOT NULL,
  first_time BIGINT NOT NULL,
  last_time BIGINT NOT NULL,
  PRIMARY KEY (log, span)
) WITHOUT ROWID, STRICT;
-- postgres only
CREATE TABLE audit_spans (
  log BYTEA NOT NULL,
  span BIGINT NOT NULL,
  first_time BIGINT NOT NULL,
  last_time BIGINT NOT NULL,
  PRIMARY KEY (log, span)
);
-- both
INSERT INTO audit_spans (log, span, first_time, last_time)
  SELECT log, segment / 256, min(first_time), max(last_time) FROM audit_segments
  GROUP BY log, segment / 256;
DROP INDEX audit_segments_first;
DROP INDEX audit_segments_last;
CREATE INDEX audit_segments_times ON audit_segments (log, segment, first_time, last_time);

-- The first segment that retention has left its leaves.
ALTER TABLE audit_heads ADD COLUMN first_kept BIGINT NOT NULL DEFAULT 0;
UPDATE audit_heads SET first_kept = coalesce(
  (SELECT min(segment) FROM audit_segments s WHERE s.log = audit_heads.log AND length(leaves) > 0),
  0);
