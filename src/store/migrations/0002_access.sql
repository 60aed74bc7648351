-- Tenants, numbered from 1 in the order they were made: the first one is who
-- requests at the root belong to.
CREATE TABLE tenants (
  id BYTEA NOT NULL PRIMARY KEY,
  ordinal BIGINT NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL UNIQUE,
  environment TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  revision BIGINT NOT NULL
);

-- Who acts: keys come and go, the account and its personal key stay.
CREATE TABLE service_accounts (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX service_accounts_name ON service_accounts (tenant, name);

-- id is computed from lookup, the 15 characters that follow "qapi_" in the key
-- (src/access/api_key.h), so one index finds both. mac is HMAC-SHA3-256 of the
-- whole key under the look-up key mac_key. scopes and bindings are JSON.
-- created_by is the maker's API key; nil: made on the host.
CREATE TABLE api_keys (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  account BYTEA NOT NULL,
  lookup TEXT NOT NULL,
  mac_key BYTEA NOT NULL,
  mac BYTEA NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  scopes TEXT NOT NULL,
  bindings TEXT NOT NULL,
  created_by BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  revision BIGINT NOT NULL
);
CREATE INDEX api_keys_list ON api_keys (tenant, created_at, id);
CREATE INDEX api_keys_account ON api_keys (account);
