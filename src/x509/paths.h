// Paths from the certificates that a peer presents to trusted roots, for the .cc files of this room
// alone.
#pragma once

#include <expected>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "x509/aws_lc.h"
#include "x509/known_issuers.h"
#include "x509/verify.h"

namespace quantumapi::x509 {

// Presented are the certificates of a peer, leaf first. The first issuer is known where its own way
// to a root was verified before.
struct Presented {
  std::vector<ByteView> octets;
  std::vector<Certificate> certificates;
  bool issuer_is_known = false;
};

// Paths finds them: signatures, names, key identifiers, CA bits, path lengths, name constraints and
// critical extensions, by AWS-LC. Neither times nor usages. Safe from any thread once the roots are
// there.
class Paths {
 public:
  explicit Paths(int max_intermediates);

  // trust takes a root, which must be a CA's and signed by itself.
  Status trust(Certificate root);

  // read parses what was presented: DER in its one encoding, else kMalformed.
  [[nodiscard]] std::expected<Presented, Refusal> read(std::span<const ByteView> chain) const;

  // find gives the path, leaf first, root last; without the root where the leaf's issuer is known,
  // and then `root` is null. The pointers live as long as `presented`.
  struct Path {
    std::vector<X509*> below_root;
    X509* root = nullptr;
  };
  [[nodiscard]] std::expected<Path, Refusal> find(const Presented& presented) const;

  // remember has the leaf's issuer known from now on, where it stands directly below a root that
  // constrains no names: what was found holds for every leaf that it signs. For a path with its
  // root, once all that is wrong with the root would have been found.
  void remember(const Presented& presented, const Path& path) const;

 private:
  [[nodiscard]] std::expected<Path, Refusal> find_from(X509* leaf, STACK_OF(X509) * untrusted,
                                                       STACK_OF(X509) * trusted,
                                                       unsigned long flags) const;

  int max_intermediates_;
  bssl::UniquePtr<STACK_OF(X509)> roots_{sk_X509_new_null()};
  // Verification wants a store, but looks only into the stack: the store's look-up takes a lock.
  bssl::UniquePtr<X509_STORE> no_store_{X509_STORE_new()};
  mutable KnownIssuers known_;
};

}  // namespace quantumapi::x509
