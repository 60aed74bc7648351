-- Endings whose change is committed and that the key journal does not have yet.
CREATE TABLE journal_endings (
  object BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  tenant BYTEA NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (object, kind)
);

-- How far each key journal was known to reach. A server whose journal lacks
-- what stands here does not start; one whose journal goes on applies the rest.
CREATE TABLE key_journals (
  id BYTEA NOT NULL PRIMARY KEY,
  octets BIGINT NOT NULL,
  mac BYTEA NOT NULL,
  seen_at BIGINT NOT NULL
);
