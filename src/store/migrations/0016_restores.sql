-- The newest mark that the journal may hold: a journal with a later one shows
-- that the store is an older copy of itself.
ALTER TABLE key_journals ADD COLUMN mark BIGINT NOT NULL DEFAULT 0;

-- A tenant has one log for each restore, and the first.
CREATE INDEX audit_logs_tenant ON audit_logs (tenant, opened_at);
