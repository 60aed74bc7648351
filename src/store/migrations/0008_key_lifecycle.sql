-- A key's life past its making. state_before is what cancelling a deletion gives
-- back. A key is deleted first and its material destroyed (destroyed_at) after
-- the ending is in the journal.
ALTER TABLE keys ADD COLUMN expires_at BIGINT;
ALTER TABLE keys ADD COLUMN scheduled_deletion_at BIGINT;
ALTER TABLE keys ADD COLUMN state_before TEXT;
ALTER TABLE keys ADD COLUMN destroyed_at BIGINT;
ALTER TABLE keys ADD COLUMN purge_protected BIGINT NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN imported BIGINT NOT NULL DEFAULT 0;
CREATE INDEX keys_due ON keys (scheduled_deletion_at)
  WHERE scheduled_deletion_at IS NOT NULL AND destroyed_at IS NULL;
