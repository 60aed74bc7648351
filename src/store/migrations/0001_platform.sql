-- The installation, and the audit events that wait for the sequencer.
CREATE TABLE platform (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  installation BYTEA NOT NULL,
  root_key BYTEA NOT NULL,
  root_check BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);

-- Every server process that runs on this store, and the formats it can read.
CREATE TABLE replicas (
  process BYTEA NOT NULL PRIMARY KEY,
  version TEXT NOT NULL,
  formats BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);

-- A stream is one writing connection of one process. Its events are numbered
-- from 0 without a gap; a row holds the events [n, n + count) of one commit.
CREATE TABLE audit_pending (
  stream BYTEA NOT NULL,
  n BIGINT NOT NULL,
  count BIGINT NOT NULL,
  frames BYTEA NOT NULL,
  PRIMARY KEY (stream, n)
);

-- postgres only
-- Frames are read once and soon: trying to compress them is wasted work.
ALTER TABLE audit_pending ALTER COLUMN frames SET STORAGE EXTERNAL;

-- Emptied by crash recovery, which may also give a lost transaction's id to
-- another: a mark that is still here proves that no id was given twice since.
CREATE UNLOGGED TABLE crash_marks (
  mark BYTEA NOT NULL PRIMARY KEY
);
-- both
