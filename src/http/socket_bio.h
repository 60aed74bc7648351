// A BIO over a socket that raises no SIGPIPE.
#pragma once

struct bio_st;

namespace quantumapi::http {

// make_socket_bio borrows `socket`; the caller owns the BIO. nullptr when
// memory is short. The library's own socket BIO sends without MSG_NOSIGNAL, so
// that a peer's reset would end a process that does not ignore SIGPIPE.
bio_st* make_socket_bio(int socket);

}  // namespace quantumapi::http
