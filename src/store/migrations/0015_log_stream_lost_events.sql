-- How many events retention took before the stream had sent them.
ALTER TABLE log_streams ADD COLUMN lost_events BIGINT NOT NULL DEFAULT 0;
