-- Totals of lists. A total is the sum over its shards; the shard is the last
-- octet of the counted row's id & 15, so that writers seldom meet.
CREATE TABLE counters (
  tenant BYTEA NOT NULL,
  kind TEXT NOT NULL,
  shard BIGINT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (tenant, kind, shard)
);

-- A key of a tenant. visible = 1: listed under /keys. The two kinds have their
-- names apart, so that a customer can't collide with a key it never sees.
-- next_version is the number the next rotation will take; numbers are taken
-- before material is journaled, so that no number ever means two materials.
CREATE TABLE keys (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT NOT NULL,
  visible BIGINT NOT NULL,
  purpose TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  description TEXT NOT NULL,
  labels TEXT NOT NULL,
  latest_version BIGINT NOT NULL,
  next_version BIGINT NOT NULL,
  min_decryption_version BIGINT NOT NULL,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT,
  rotated_at BIGINT,
  revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX keys_name ON keys (tenant, visible, name) WHERE state <> 'deleted';
CREATE INDEX keys_list ON keys (tenant, visible, created_at, id);

-- Versions never change and are opened through their key's row.
CREATE TABLE key_versions (
  key_id BYTEA NOT NULL,
  version BIGINT NOT NULL,
  wrapped BYTEA NOT NULL,
  public_key BYTEA NOT NULL,
  sources TEXT NOT NULL,
  quantum BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (key_id, version)
);

-- The default key of a tenant for a purpose. id is the first 16 octets of
-- SHA-256(tenant || purpose), so that a cache can name the row unread.
CREATE TABLE key_defaults (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  purpose TEXT NOT NULL,
  key_id BYTEA NOT NULL,
  since BIGINT NOT NULL,
  revision BIGINT NOT NULL
);
CREATE INDEX key_defaults_key ON key_defaults (key_id);

-- Every default there was, the present one included.
CREATE TABLE key_default_history (
  default_id BYTEA NOT NULL,
  revision BIGINT NOT NULL,
  key_id BYTEA NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (default_id, revision)
);

-- The key that seals a principal's personal data in audit records.
CREATE TABLE personal_keys (
  principal BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  wrapped BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);

-- Keys of the MACs by which rows are found.
CREATE TABLE lookup_keys (
  id BYTEA NOT NULL PRIMARY KEY,
  wrapped BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
