-- audit_terms also has what events are of several kinds: category and action (ca:), and key, category
-- and action (kca:). The first segment whose events all have these: what is open now has them in part.
ALTER TABLE audit_heads ADD COLUMN combined_from BIGINT NOT NULL DEFAULT 0;
-- A round of an older version that began before this fails as if it was overtaken: it lacks them.
UPDATE audit_heads SET combined_from = (size + 255) / 256, revision = revision + 1;
