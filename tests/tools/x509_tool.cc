// x509_tool makes and reads what src/x509 does, for tests against programs of other makers:
//   x509_tool make KEY-TYPE FOLDER   root, intermediate, leaf and request in PEM, list.crl in DER
//   x509_tool request                reads a request on standard input
//   x509_tool verify ROOTS CHAIN client|server [classical]
//   x509_tool crl ISSUER             reads a list in DER on standard input
//   x509_tool issue FOLDER           a leaf for the request on standard input, by `make`'s keys
// What was read is printed as one line of JSON; what is refused goes to standard error, with
// exit 1.
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "x509/crl.h"
#include "x509/issue.h"
#include "x509/verify.h"

namespace {

using namespace quantumapi;
using std::chrono::hours;

struct RequestShown {
  std::string key_type;
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> uris;
  std::vector<std::string> addresses;
};
BOOST_DESCRIBE_STRUCT(RequestShown, (), (key_type, common_name, dns_names, uris, addresses))

struct PeerShown {
  std::string spiffe_id;
  std::string common_name;
  std::vector<std::string> dns_names;
  std::string serial;
  std::string sha256;
};
BOOST_DESCRIBE_STRUCT(PeerShown, (), (spiffe_id, common_name, dns_names, serial, sha256))

struct ListShown {
  std::int64_t number = 0;
  std::vector<std::string> serials;
  std::vector<std::string> reasons;
};
BOOST_DESCRIBE_STRUCT(ListShown, (), (number, serials, reasons))

[[noreturn]] void refuse(std::string_view why) {
  std::cerr << why << '\n';
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) refuse(result.error().message);
  return *std::move(result);
}

std::string all_of(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse("can't read " + path);
  return all_of(in);
}

void write(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) refuse("can't write " + path);
}

// The keys of a test protect nothing: each is made from one octet.
crypto::SigningKey key_of(x509::KeyType type, std::uint8_t octet) {
  return must(
      crypto::SigningKey::create(x509::algorithm(type), SecretBytes::copy_of(Bytes(32, octet))));
}

WallTime hour_ago() { return base::SystemClock().wall() - hours(1); }

Bytes linted(const x509::ToBeSigned& tbs, x509::Profile profile, const crypto::SigningKey& key) {
  if (const auto status = x509::lint(tbs.der, profile); !status) refuse(status.error().message);
  return must(x509::sign_certificate(tbs, key));
}

Bytes leaf_for(const std::string& request, const Bytes& issuer, const crypto::SigningKey& key) {
  const x509::LeafProfile profile{.crl_url = "http://ca.example/list.crl"};
  const auto tbs = must(x509::prepare_leaf(must(x509::parse_request(request)), profile, issuer,
                                           {hour_ago(), hours(24)}));
  return linted(tbs, x509::Profile::kLeaf, key);
}

void make(const std::string& type_name, const std::string& folder) {
  const x509::KeyType type = must(x509::parse_key_type(type_name));
  const auto root_key = key_of(type, 1);
  const auto intermediate_key = key_of(type, 2);
  const Bytes root =
      linted(must(x509::prepare_root("Test root", root_key, 1, {hour_ago(), hours(87'600)})),
             x509::Profile::kRoot, root_key);
  const Bytes intermediate =
      linted(must(x509::prepare_intermediate("Test issuer", intermediate_key, root,
                                             {hour_ago(), hours(8'760)})),
             x509::Profile::kIntermediate, root_key);
  x509::SubjectNames names;
  names.common_name = "users-api";
  names.dns_names = {"users-api.internal", "localhost"};
  names.uris = {"spiffe://example.org/ns/users-api/sa/users-api-sa"};
  names.addresses = {"192.0.2.7", "2001:db8::7"};
  const std::string request = must(x509::make_request(names, key_of(type, 3)));
  const Bytes list =
      must(x509::make_crl({7,
                           hour_ago(),
                           hour_ago() + hours(24),
                           {{Bytes(16, 0x41), hour_ago(), x509::RevocationReason::kKeyCompromise},
                            {Bytes{0x80, 1}, hour_ago(), x509::RevocationReason::kUnspecified}}},
                          intermediate, intermediate_key));
  write(folder + "/type", type_name);
  write(folder + "/root.pem", x509::certificate_pem(root));
  write(folder + "/intermediate.pem", x509::certificate_pem(intermediate));
  write(folder + "/leaf.pem",
        x509::certificate_pem(leaf_for(request, intermediate, intermediate_key)));
  write(folder + "/request.pem", request);
  write(folder + "/list.crl", as_text(list));
}

void issue(const std::string& folder) {
  const x509::KeyType type = must(x509::parse_key_type(file(folder + "/type")));
  const Bytes issuer = must(x509::certificate_der(file(folder + "/intermediate.pem")));
  std::cout << x509::certificate_pem(leaf_for(all_of(std::cin), issuer, key_of(type, 2)));
}

void show_request() {
  const auto request = must(x509::parse_request(all_of(std::cin)));
  const x509::SubjectNames& names = request.names;
  std::cout << json::to_text(RequestShown{std::string(x509::algorithm(request.key_type)),
                                          names.common_name, names.dns_names, names.uris,
                                          names.addresses})
            << '\n';
}

void verify(const std::string& roots, const std::string& chain_file, std::string_view usage,
            bool classical) {
  const auto store = must(x509::TrustStore::create(file(roots), {.allow_classical = classical}));
  const std::vector<Bytes> chain = must(x509::certificate_chain_der(file(chain_file)));
  const std::vector<ByteView> views(chain.begin(), chain.end());
  const auto peer =
      store.verify(views, usage == "server" ? x509::Usage::kServer : x509::Usage::kClient,
                   base::SystemClock().wall());
  if (!peer) refuse(x509::to_string(peer.error()));
  std::cout << json::to_text(PeerShown{peer->spiffe_id ? peer->spiffe_id->uri() : "",
                                       peer->common_name, peer->dns_names,
                                       base::to_hex(peer->serial),
                                       base::to_hex(peer->certificate_sha256)})
            << '\n';
}

void show_list(const std::string& issuer) {
  const std::string der = all_of(std::cin);
  const auto list = must(x509::parse_crl(as_bytes(der), must(x509::certificate_der(file(issuer)))));
  ListShown shown{static_cast<std::int64_t>(list.number), {}, {}};
  for (const auto& revoked : list.revoked) {
    shown.serials.push_back(base::to_hex(revoked.serial));
    shown.reasons.emplace_back(x509::to_string(revoked.reason));
  }
  std::cout << json::to_text(shown) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  const std::string command = given.empty() ? "" : given[0];
  if (command == "make" && given.size() == 3) {
    make(given[1], given[2]);
  } else if (command == "issue" && given.size() == 2) {
    issue(given[1]);
  } else if (command == "request" && given.size() == 1) {
    show_request();
  } else if (command == "verify" && given.size() >= 4) {
    verify(given[1], given[2], given[3], given.size() == 5 && given[4] == "classical");
  } else if (command == "crl" && given.size() == 2) {
    show_list(given[1]);
  } else {
    refuse("x509_tool make|issue|request|verify|crl: see tests/tools/x509_tool.cc");
  }
}
