-- The files of a day lie where they were written: each replica that delivered some of it has
-- one. place names that replica's data directory; it is empty for what older versions wrote,
-- until the replica that has the file says so. host is for people.
CREATE TABLE log_stream_files (
  stream BYTEA NOT NULL,
  day TEXT COLLATE "C" NOT NULL,
  place TEXT COLLATE "C" NOT NULL,
  host TEXT NOT NULL,
  line_count BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  archive_octets BIGINT,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (stream, day, place)
);
INSERT INTO log_stream_files (stream, day, place, host, line_count, octets, archive_octets,
    first_at, last_at)
  SELECT stream, day, '', '', line_count, octets, archive_octets, first_at, last_at
  FROM log_stream_days;
DROP TABLE log_stream_days;
