-- The newest certificate of an identity, in one seek: it may end before an older one.
DROP INDEX IF EXISTS certificates_of;
CREATE INDEX certificates_newest ON certificates (identity_id, state, created_at, id);
