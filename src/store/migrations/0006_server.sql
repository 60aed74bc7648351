-- The TLS identities that the server made for itself: one of each key type.
CREATE TABLE server_identities (
  id BYTEA NOT NULL PRIMARY KEY,
  key_type TEXT NOT NULL UNIQUE,
  chain_pem TEXT NOT NULL,
  root_pem TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
