-- The shortest lifetime, in seconds, that a tenant's certificates may have; NULL: the server's.
ALTER TABLE certificate_policies ADD COLUMN min_lifetime BIGINT;
