-- Secrets of QuantumVault. What the owner wrote into them (value, fields) is
-- sealed before it comes here; name, description and labels are not.
CREATE TABLE secrets (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT NOT NULL,
  content_type TEXT NOT NULL,
  labels TEXT NOT NULL,
  fields BYTEA NOT NULL,
  fields_version BIGINT NOT NULL,
  has_totp BIGINT NOT NULL,
  is_active BIGINT NOT NULL,
  latest_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT,
  expires_at BIGINT,
  deleted_at BIGINT,
  revision BIGINT NOT NULL
);

-- A name is taken only while its secret is not deleted; lists go by it too.
CREATE UNIQUE INDEX secrets_by_name ON secrets (tenant, name) WHERE deleted_at IS NULL;

-- The labels of secrets.labels once more, for lists that ask for one.
CREATE TABLE secret_labels (
  secret BYTEA NOT NULL,
  label TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (secret, label)
);

CREATE TABLE secret_versions (
  secret BYTEA NOT NULL,
  version BIGINT NOT NULL,
  value BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  changed_by BYTEA NOT NULL,
  PRIMARY KEY (secret, version)
);
