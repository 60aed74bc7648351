-- Spans of 64 and of 4096 segments: wherever a time lies in a log, few rows are looked through for it.
DROP TABLE audit_spans;
-- sqlite only
CREATE TABLE audit_spans (
  log BYTEA NOT NULL,
  width BIGINT NOT NULL,
  span BIGINT NOT NULL,
  first_time BIGINT NOT NULL,
  last_time BIGINT NOT NULL,
  PRIMARY KEY (log, width, span)
) WITHOUT ROWID, STRICT;
-- postgres only
CREATE TABLE audit_spans (
  log BYTEA NOT NULL,
  width BIGINT NOT NULL,
  span BIGINT NOT NULL,
  first_time BIGINT NOT NULL,
  last_time BIGINT NOT NULL,
  PRIMARY KEY (log, width, span)
);
-- both
INSERT INTO audit_spans (log, width, span, first_time, last_time)
  SELECT log, 64, segment / 64, min(first_time), max(last_time) FROM audit_segments
  GROUP BY log, segment / 64;
INSERT INTO audit_spans (log, width, span, first_time, last_time)
  SELECT log, 4096, span / 64, min(first_time), max(last_time) FROM audit_spans
  GROUP BY log, span / 64;
