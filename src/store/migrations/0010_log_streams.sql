-- Where a tenant's audit events are sent on. config is sealed. (log, next_index)
-- is the first event that was not delivered yet; a nil log is none so far.
CREATE TABLE log_streams (
  id BYTEA NOT NULL PRIMARY KEY,
  tenant BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  stream_type TEXT COLLATE "C" NOT NULL,
  config BYTEA NOT NULL,
  config_version BIGINT NOT NULL,
  is_active BIGINT NOT NULL,
  log BYTEA NOT NULL,
  next_index BIGINT NOT NULL,
  consecutive_failures BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  last_streamed_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT
);
CREATE INDEX log_streams_by_tenant ON log_streams (tenant, id);

-- The daily files of a stream of type File. octets is how much of the day's
-- NDJSON counts; archive_octets is the size of the gzip file, NULL while the
-- day is open.
CREATE TABLE log_stream_days (
  stream BYTEA NOT NULL,
  day TEXT COLLATE "C" NOT NULL,
  line_count BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  archive_octets BIGINT,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (stream, day)
);
