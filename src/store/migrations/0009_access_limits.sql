-- What limits a key beside its scopes. addresses is a JSON list of networks
-- ("192.0.2.0/24"), empty: from anywhere. rate_limit is requests a minute, 0:
-- none. replaced_by is the key that a rotation made in this one's place.
ALTER TABLE api_keys ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT '[]';
ALTER TABLE api_keys ADD COLUMN rate_limit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN replaced_by BYTEA;

-- When a key was last used, to the minute. Apart from api_keys, whose
-- revision tells the caches of a change that matters to them.
CREATE TABLE api_key_uses (
  id BYTEA NOT NULL PRIMARY KEY,
  used_at BIGINT NOT NULL
);

-- The rate of a key with a limit, shared by all replicas: the theoretical
-- arrival time of GCRA in nanoseconds since 1970. Unused on SQLite.
CREATE TABLE api_key_rates (
  id BYTEA NOT NULL PRIMARY KEY,
  arrival BIGINT NOT NULL
);

CREATE TABLE resource_groups (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  description TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT,
  revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX resource_groups_name ON resource_groups (tenant, name);

-- resource_type is Secret, CryptoKey or ApiKey. The resource's name is looked
-- up when it is shown, so that a rename needs no change here.
CREATE TABLE resource_group_items (
  id BYTEA NOT NULL PRIMARY KEY,
  group_id BYTEA NOT NULL,
  resource_type TEXT NOT NULL,
  resource BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX resource_group_items_resource
  ON resource_group_items (group_id, resource_type, resource);
