-- What a tenant keeps, as measured once an hour. amounts is a JSON list, one
-- object a category (src/usage/repository.cc).
CREATE TABLE storage_samples (
  tenant BYTEA NOT NULL,
  sampled_at BIGINT NOT NULL,
  amounts TEXT NOT NULL,
  PRIMARY KEY (tenant, sampled_at)
);
CREATE INDEX storage_samples_age ON storage_samples (sampled_at);

-- How much entropy a tenant allows itself in a calendar month (UTC), and how
-- much of it is used. Without a row there is no quota; nothing is counted then.
CREATE TABLE entropy_quotas (
  tenant BYTEA NOT NULL PRIMARY KEY,
  octets BIGINT NOT NULL
);
CREATE TABLE entropy_usage (
  tenant BYTEA NOT NULL,
  month TEXT COLLATE "C" NOT NULL,
  octets BIGINT NOT NULL,
  PRIMARY KEY (tenant, month)
);
