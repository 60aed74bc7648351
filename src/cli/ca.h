// What the commands of certificates know of authorities.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/context.h"

namespace CLI {
class App;
}

namespace quantumapi::cli {

// kNoAuthority says what revoking does not reach (docs/threat-model.md), and what to do instead.
inline constexpr std::string_view kNoAuthority =
    "an authority itself can't be revoked: make another (qapi ca create), let peers trust it "
    "(qapi ca pem), issue from it (qapi ca policy --issuer), and take the old root out of every "
    "peer's trust";

// revoking_note stands below the help of commands that have to do with it.
inline std::string revoking_note() {
  return "Revoking is for services' certificates;\n" + std::string(kNoAuthority) + ".";
}

// Authority is what the platform says of one.
struct Authority {
  std::string id;
  std::string name;
  std::string type;  // "root" | "intermediate"
  std::string key_type;
  std::string status;
  std::string certificate_pem;
};
BOOST_DESCRIBE_STRUCT(Authority, (), (id, name, type, key_type, status, certificate_pem))

struct AuthorityPage {
  std::vector<Authority> cas;
};
BOOST_DESCRIBE_STRUCT(AuthorityPage, (), (cas))

Try<std::vector<Authority>> list_authorities(Context& context);
// find_authority: kNotFound.
Try<Authority> find_authority(Context& context, std::string_view id_or_name);
// roots_of gives the roots of ML-DSA or of classical chains that have not expired, as PEM.
std::string roots_of(const std::vector<Authority>& all, bool classical);

// key_type_fault says what is wrong with the key type of a service's certificate; empty: nothing.
std::string key_type_fault(const std::string& text);

void add_identities(CLI::App& group, Context& context);  // ca identity create|list|show|…

}  // namespace quantumapi::cli
