// DerTree: a signed structure taken apart, so that a test can break one thing in it and sign the
// rest anew.
#pragma once

#include <functional>
#include <stdexcept>
#include <vector>

#include "base/bytes.h"
#include "crypto/signing_key.h"
#include "x509/algorithms.h"
#include "x509/extensions.h"

namespace quantumapi::x509::testing {

struct DerTree {
  std::uint8_t tag = 0x30;
  Bytes content;                  // of a primitive element
  std::vector<DerTree> children;  // of a constructed one

  static DerTree parse(ByteView der) {
    std::size_t at = 0;
    DerTree tree = parse_at(der, at);
    if (at != der.size()) throw std::invalid_argument("octets after the element");
    return tree;
  }
  static DerTree primitive(std::uint8_t tag, Bytes content) {
    return {tag, std::move(content), {}};
  }
  static DerTree constructed(std::uint8_t tag, std::vector<DerTree> children) {
    return {tag, {}, std::move(children)};
  }

  [[nodiscard]] Bytes encode() const {
    Bytes inside = content;
    for (const DerTree& child : children) base::append(inside, child.encode());
    Bytes out{tag};
    if (inside.size() < 128) {
      out.push_back(static_cast<std::uint8_t>(inside.size()));
    } else {
      Bytes length;
      for (std::size_t rest = inside.size(); rest != 0; rest >>= 8)
        length.insert(length.begin(), static_cast<std::uint8_t>(rest));
      out.push_back(static_cast<std::uint8_t>(0x80 | length.size()));
      base::append(out, length);
    }
    base::append(out, inside);
    return out;
  }

  DerTree& operator[](std::size_t index) { return children.at(index); }

  // inner is what is wrapped in an OCTET STRING; wrap puts it back.
  [[nodiscard]] DerTree inner() const { return parse(content); }
  void wrap(const DerTree& tree) { content = tree.encode(); }

 private:
  static DerTree parse_at(ByteView der, std::size_t& at) {
    DerTree out;
    out.tag = der[at++];
    std::size_t length = der[at++];
    if (length >= 0x80) {
      const std::size_t octets = length & 0x7f;
      length = 0;
      for (std::size_t i = 0; i < octets; ++i) length = length << 8 | der[at++];
    }
    const ByteView inside = der.subspan(at, length);
    at += length;
    if ((out.tag & 0x20) == 0) {
      out.content.assign(inside.begin(), inside.end());
      return out;
    }
    for (std::size_t i = 0; i < inside.size();) out.children.push_back(parse_at(inside, i));
    return out;
  }
};

// signed_anew puts a signature of `key` over the first of the three parts that certificates,
// requests and revocation lists have.
inline Bytes signed_anew(DerTree tree, const crypto::SigningKey& key) {
  Bytes bits{0};
  base::append(bits, key.sign(tree[0].encode(), {}).value());
  tree[2].content = std::move(bits);
  return tree.encode();
}

// signed_octets puts a signature of `key` over octets that a fuzzer made up, as the first of the
// three parts that certificates, requests and revocation lists have.
inline Bytes signed_octets(ByteView first, const crypto::SigningKey& key) {
  Bytes bits{0};
  base::append(bits, key.sign(first, {}).value());
  Bytes content(first.begin(), first.end());
  base::append(content, signature_identifier(key_type(key).value()));
  base::append(content, DerTree::primitive(0x03, std::move(bits)).encode());
  return DerTree::primitive(0x30, std::move(content)).encode();
}

// find_extension_tree finds an extension in a TBSCertificate: its type, its critical flag if it has
// one, and last its value.
inline DerTree& find_extension_tree(DerTree& tbs, std::string_view oid) {
  for (DerTree& entry : tbs[7][0].children)
    if (as_text(entry[0].content) == oid) return entry;
  throw std::out_of_range("no such extension");
}
inline void add_extension(DerTree& tbs, std::string_view oid, bool critical, ByteView value) {
  tbs[7][0].children.push_back(DerTree::parse(extension_der(oid, critical, value)));
}
inline void remove_extension(DerTree& tbs, std::string_view oid) {
  std::erase_if(tbs[7][0].children,
                [&](DerTree& entry) { return as_text(entry[0].content) == oid; });
}

// reissued is a certificate whose TBSCertificate was changed, signed by `key`.
inline Bytes reissued(ByteView certificate, const std::function<void(DerTree&)>& change,
                      const crypto::SigningKey& key) {
  DerTree tree = DerTree::parse(certificate);
  change(tree[0]);
  return signed_anew(std::move(tree), key);
}

}  // namespace quantumapi::x509::testing
