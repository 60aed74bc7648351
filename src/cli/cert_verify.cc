#include "cli/cert_verify.h"

#include <algorithm>

#include "base/encoding.h"
#include "cli/answer.h"
#include "cli/ca.h"
#include "cli/shapes.h"
#include "cli/table.h"
#include "x509/crl.h"
#include "x509/issue.h"
#include "x509/verify.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kLargest = std::size_t{1024} * 1024;
constexpr std::string_view kBeginList = "-----BEGIN X509 CRL-----";
constexpr std::string_view kEndList = "-----END X509 CRL-----";

struct VerifyShape {
  bool verified = false;
  Text reason;
  Text common_name;
  Text spiffe_id;
  Text serial_number;
  Text not_after;
  bool revocation_checked = false;
};
BOOST_DESCRIBE_STRUCT(VerifyShape, (),
                      (verified, reason, common_name, spiffe_id, serial_number, not_after,
                       revocation_checked))

// Material is what a chain is held against.
struct Material {
  std::string roots;
  std::vector<Bytes> lists;  // DER
};

// could_not_tell turns what went wrong outside the chain into exit code 3.
template <typename T>
Try<T> told(Try<T> outcome) {
  if (!outcome) return give_up(kUnknown, outcome.error().message);
  return outcome;
}

// list_der reads DER, or the first list of a PEM text.
Try<Bytes> list_der(std::string_view text) {
  const std::size_t begin = text.find(kBeginList);
  if (begin == std::string_view::npos) return Bytes(as_bytes(text).begin(), as_bytes(text).end());
  const std::size_t end = text.find(kEndList, begin);
  if (end == std::string_view::npos) return give_up(kUnknown, "a revocation list is cut");
  std::string body;
  for (const char c : text.substr(begin, end - begin).substr(kBeginList.size()))
    if (c != '\n' && c != '\r') body += c;
  auto der = base::base64_decode(body, base::Base64::kStandard);
  if (!der) return give_up(kUnknown, "a revocation list is no PEM");
  return *std::move(der);
}

// from_platform asks for the tenant's roots and the lists of all its authorities.
Try<Material> from_platform(Context& context, bool classical) {
  Material material;
  TRY_ASSIGN(const auto all, list_authorities(context));
  material.roots = roots_of(all, false);
  if (classical) material.roots += roots_of(all, true);
  for (const Authority& one : all) {
    TRY_ASSIGN(const auto list, ask(context, "GET", "/cas/" + one.id + "/crl"));
    TRY_ASSIGN(auto der, list_der(list.reveal()));
    material.lists.push_back(std::move(der));
  }
  return material;
}

Try<Material> from_files(const VerifyCertificate& options) {
  Material material;
  TRY_ASSIGN(material.roots, read_file(options.roots));
  for (const std::string& path : options.lists) {
    TRY_ASSIGN(const auto text, read_file(path));
    TRY_ASSIGN(auto der, list_der(text));
    material.lists.push_back(std::move(der));
  }
  return material;
}

// issuers_of_leaf are those that signed it. Others may stand in a chain too: whoever brings a chain
// could bring a list of an authority of his own.
std::vector<Bytes> issuers_of_leaf(const std::vector<Bytes>& chain, const Material& material) {
  std::vector<Bytes> issuers(chain.begin() + 1, chain.end());
  if (const auto roots = x509::certificate_chain_der(material.roots))
    issuers.insert(issuers.end(), roots->begin(), roots->end());
  std::erase_if(issuers, [&](const Bytes& one) { return !x509::is_issued_by(chain.front(), one); });
  return issuers;
}

// are_others is true where every list is one, and says that it is of none of the issuers.
bool are_others(const std::vector<Bytes>& lists, const std::vector<Bytes>& issuers) {
  return std::ranges::all_of(lists, [&](const Bytes& list) {
    return std::ranges::all_of(issuers, [&](const Bytes& issuer) {
      const auto claims = x509::claims_issuer(list, issuer);
      return claims && !*claims;
    });
  });
}

// check_revocation gives the reason why the chain's leaf is refused, empty when it is not. A list
// that its issuer signed and that is not over must say nothing of it; `checked` tells whether
// there was one. Lists of other authorities prove nothing.
std::string_view check_revocation(const x509::Peer& peer, const Material& material,
                                  const std::vector<Bytes>& chain, WallTime now, bool& checked) {
  const std::vector<Bytes> issuers = issuers_of_leaf(chain, material);
  bool over = false;
  for (const Bytes& der : material.lists)
    for (const Bytes& issuer : issuers) {
      const auto list = x509::parse_crl(der, issuer);
      if (!list) continue;
      const bool named = std::ranges::any_of(
          list->revoked, [&](const auto& one) { return one.serial == peer.serial; });
      checked = checked || named || list->next_update >= now;
      if (named) return "revoked";
      over = over || list->next_update < now;
    }
  if (material.lists.empty() || checked) return {};
  if (over) return "expired_crl";
  return are_others(material.lists, issuers) ? "foreign_crl" : "malformed_crl";
}

void print(Context& context, const VerifyShape& shape) {
  if (context.format(Format::kTable) == Format::kJson) return print_json(context.io(), shape);
  const auto text = [](const Text& value) { return std::string(value.value_or("")); };
  print_facts(context.io().out,
              {{"verified", shape.verified ? "yes" : "NO"},
               {"reason", text(shape.reason)},
               {"common name", text(shape.common_name)},
               {"spiffe id", text(shape.spiffe_id)},
               {"serial number", text(shape.serial_number)},
               {"not after", text(shape.not_after)},
               {"revocation", shape.revocation_checked ? "checked" : "not checked"}},
              context.color());
}

// meaning_of says of a reason what its word leaves open.
std::string_view meaning_of(std::string_view reason) {
  if (reason == "none") return " (the file holds no certificate)";
  if (reason == "unknown_ca") return " (it chains to none of the roots)";
  if (reason == "wrong_identity") return " (it is not for this use: see --usage)";
  if (reason == "classical") return " (a key or signature is not ML-DSA: see --allow-classical)";
  if (reason == "expired_crl") return " (the revocation list is over: fetch a new one)";
  if (reason == "foreign_crl")
    return " (the revocation list is of another issuer than the certificate's: `qapi ca crl` gives "
           "each authority's)";
  if (reason == "malformed_crl")
    return " (no list is the whole one of the authority that issued it: `qapi ca crl` gives that)";
  return {};
}

Outcome refuse(Context& context, VerifyShape shape, std::string_view reason) {
  shape.verified = false;
  shape.reason = reason;
  print(context, shape);
  return give_up(kNotVerified, "the certificate is not verified: " + std::string(reason) +
                                   std::string(meaning_of(reason)));
}

Outcome hold(Context& context, const VerifyCertificate& options, const Material& material,
             const std::vector<Bytes>& chain, WallTime now) {
  const auto trust =
      x509::TrustStore::create(material.roots, {.allow_classical = options.allow_classical});
  if (!trust) return give_up(kUnknown, "the roots can't be used: " + trust.error().message);
  const std::vector<ByteView> views(chain.begin(), chain.end());
  const auto peer = trust->verify(
      views, options.usage == "server" ? x509::Usage::kServer : x509::Usage::kClient, now);
  if (!peer) return refuse(context, {}, x509::to_string(peer.error()));
  const std::string serial = x509::serial_hex(peer->serial);
  const std::string spiffe_id = peer->spiffe_id ? peer->spiffe_id->uri() : "";
  const std::string not_after = peer->not_after.to_string();
  VerifyShape shape{.verified = true,
                    .reason = {},
                    .common_name = shown(peer->common_name),
                    .spiffe_id = shown(spiffe_id),
                    .serial_number = shown(serial),
                    .not_after = shown(not_after)};
  const std::string_view reason =
      check_revocation(*peer, material, chain, now, shape.revocation_checked);
  if (!reason.empty()) return refuse(context, shape, reason);
  print(context, shape);
  return kOk;
}

}  // namespace

Try<std::string> read_certificates(Context& context, const std::string& path) {
  std::string octets;
  if (path == "-") {
    TRY_ASSIGN(const auto text, read_all(context.io().in, kLargest));
    octets = text.reveal();
  } else {
    TRY_ASSIGN(octets, read_file(path));
  }
  constexpr char kSequence = 0x30;  // what every certificate in DER begins with, and no PEM
  return octets.starts_with(kSequence) ? x509::certificate_pem(as_bytes(octets)) : octets;
}

Outcome verify(Context& context, const VerifyCertificate& options) {
  WallTime now = base::SystemClock().wall();
  if (!options.at.empty()) {
    const auto at = WallTime::parse(options.at);
    if (!at) return give_up(kUsage, "--at is a time as 2026-11-23T18:00:00Z");
    now = *at;
  }
  if (options.roots.empty() && !options.lists.empty())
    return give_up(kUsage, "--crl goes with --roots; without them the platform is asked");
  TRY_ASSIGN(const std::string pem, told(read_certificates(context, options.file)));
  TRY_ASSIGN(const Material material,
             told(options.roots.empty() ? from_platform(context, options.allow_classical)
                                        : from_files(options)));
  if (!pem.contains("-----BEGIN CERTIFICATE-----"))
    return refuse(context, {}, x509::to_string(x509::Refusal::kNoCertificate));
  const auto chain = x509::certificate_chain_der(pem);
  if (!chain) return refuse(context, {}, x509::to_string(x509::Refusal::kMalformed));
  return hold(context, options, material, *chain, now);
}

}  // namespace quantumapi::cli
