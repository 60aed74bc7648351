-- The logs of the tenants; the platform's own has the nil tenant. A restore
-- closes a log and opens a new one that names the old one's head.
CREATE TABLE audit_logs (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  previous_log BYTEA,
  previous_size BIGINT,
  previous_root BYTEA
);
CREATE UNIQUE INDEX audit_logs_open ON audit_logs (tenant) WHERE closed_at IS NULL;

-- The tree's edge. revision proves to a round that no other came between.
CREATE TABLE audit_heads (
  log BYTEA NOT NULL PRIMARY KEY,
  size BIGINT NOT NULL,
  frontier BYTEA NOT NULL,
  root BYTEA NOT NULL,
  last_time BIGINT NOT NULL,
  revision BIGINT NOT NULL
);

-- Leaves [256 k, 256 k + 256) of a log: segment k. leaves holds for each event
-- salt (16) || length (4) || record. hash is the root of the segment's perfect
-- subtree; NULL while the segment is open at the tail.
CREATE TABLE audit_segments (
  log BYTEA NOT NULL,
  segment BIGINT NOT NULL,
  count BIGINT NOT NULL,
  first_time BIGINT NOT NULL,
  last_time BIGINT NOT NULL,
  hash BYTEA,
  leaves BYTEA NOT NULL,
  PRIMARY KEY (log, segment)
);
CREATE INDEX audit_segments_first ON audit_segments (log, first_time, segment);
CREATE INDEX audit_segments_last ON audit_segments (log, last_time, segment);
-- postgres only
-- Records are mostly ciphertext and digests: compressing them costs more than it saves.
ALTER TABLE audit_segments ALTER COLUMN leaves SET STORAGE EXTERNAL;
-- both

-- Which segments hold an event of a category (c:), an action (a:), a key (k:).
-- It is nothing but its key: SQLite need not keep it twice.
-- sqlite only
CREATE TABLE audit_terms (
  log BYTEA NOT NULL,
  term TEXT COLLATE "C" NOT NULL,
  segment BIGINT NOT NULL,
  PRIMARY KEY (log, term, segment)
) WITHOUT ROWID, STRICT;
-- postgres only
CREATE TABLE audit_terms (
  log BYTEA NOT NULL,
  term TEXT COLLATE "C" NOT NULL,
  segment BIGINT NOT NULL,
  PRIMARY KEY (log, term, segment)
);
-- both

-- The next number of each stream of audit_pending.
CREATE TABLE audit_streams (
  stream BYTEA NOT NULL PRIMARY KEY,
  next_n BIGINT NOT NULL
);

-- The newest checkpoint of each log and the last of every hour.
CREATE TABLE audit_checkpoints (
  log BYTEA NOT NULL,
  size BIGINT NOT NULL,
  root BYTEA NOT NULL,
  signed_at BIGINT NOT NULL,
  key_id BYTEA NOT NULL,
  key_version BIGINT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (log, size)
);
