-- Certificate authorities of tenants. A root has no parent; issues = 1: signs
-- certificates of services. certificate is DER.
CREATE TABLE certificate_authorities (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  parent BYTEA,
  issues BIGINT NOT NULL,
  key_type TEXT NOT NULL,
  key_id BYTEA NOT NULL,
  key_version BIGINT NOT NULL,
  certificate BYTEA NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX certificate_authorities_name ON certificate_authorities (tenant, name);

-- What a tenant decided about its certificates; id is the tenant's. The three
-- issuers are those of ML-DSA keys, of classical keys and of the /pki routes.
CREATE TABLE certificate_policies (
  id BYTEA NOT NULL PRIMARY KEY,
  issuer BYTEA,
  classical_issuer BYTEA,
  direct_issuer BYTEA,
  server_keys BIGINT NOT NULL,
  trust_domain TEXT NOT NULL,
  revision BIGINT NOT NULL
);

-- Who may hold which certificate. id is computed from tenant and name
-- (src/ca/records.h), so that a cache can name the row unread. The lists are
-- JSON, lifetimes seconds.
CREATE TABLE service_identities (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  account BYTEA NOT NULL,
  account_name TEXT NOT NULL,
  spiffe_id TEXT COLLATE "C" NOT NULL,
  dns_names TEXT NOT NULL,
  addresses TEXT NOT NULL,
  key_types TEXT NOT NULL,
  client_auth BIGINT NOT NULL,
  server_auth BIGINT NOT NULL,
  lifetime BIGINT NOT NULL,
  max_lifetime BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT,
  revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX service_identities_list ON service_identities (tenant, name);
CREATE UNIQUE INDEX service_identities_spiffe ON service_identities (tenant, spiffe_id);
CREATE INDEX service_identities_account ON service_identities (account);

-- Every certificate that was to be signed, stored before it was. id is the
-- serial number. state: pending (recorded, not signed), issued, revoked. A
-- revocation that only the key journal knows has nil for what is lost.
CREATE TABLE certificates (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  authority BYTEA NOT NULL,
  identity_id BYTEA NOT NULL,
  identity_name TEXT NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  key_type TEXT NOT NULL,
  key_sha256 BYTEA NOT NULL,
  tbs_sha256 BYTEA NOT NULL,
  server_key BIGINT NOT NULL,
  account BYTEA NOT NULL,
  renews BYTEA,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  reason BIGINT
);
CREATE INDEX certificates_list ON certificates (tenant, created_at, id);
CREATE INDEX certificates_expiry ON certificates (tenant, not_after);
CREATE INDEX certificates_of ON certificates (identity_id, state, not_after);
CREATE INDEX certificates_revoked ON certificates (authority, not_after) WHERE state = 'revoked';

-- Signed certificates in DER, apart from what is listed and searched.
CREATE TABLE certificate_bodies (
  id BYTEA NOT NULL PRIMARY KEY,
  der BYTEA NOT NULL
);

-- The newest revocation list of each authority; id is the authority's. It is
-- complete when covers = changes, else the next reader signs a new one.
CREATE TABLE revocation_lists (
  id BYTEA NOT NULL PRIMARY KEY,
  changes BIGINT NOT NULL,
  covers BIGINT NOT NULL,
  number BIGINT NOT NULL,
  this_update BIGINT NOT NULL,
  next_update BIGINT NOT NULL,
  der BYTEA NOT NULL,
  revision BIGINT NOT NULL
);
