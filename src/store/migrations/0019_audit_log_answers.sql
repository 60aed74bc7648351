-- What showed that the store is an older copy of itself, when a log was opened for that: a key
-- journal and the number of its mark, or a log and the size that it had. No time says so: clocks are
-- set back.
CREATE TABLE audit_log_answers (
  log BYTEA NOT NULL,
  witness BYTEA NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (log, witness)
);
