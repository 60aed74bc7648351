#include "access/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace quantumapi::access {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kMappedBits = 96;
constexpr unsigned kBits = 128;

bool is_mapped(const Address& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

// same_prefix compares the first `bits` of two addresses.
bool same_prefix(const Address& a, const Address& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - bits % 8));
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

bool is_clear_after(const Address& address, unsigned bits) {
  for (unsigned bit = bits; bit < kBits; ++bit)
    if ((address[bit / 8] >> (7 - bit % 8) & 1U) != 0) return false;
  return true;
}

std::unexpected<Error> bad(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  Address address{};
  in_addr v4{};
  if (plain.size() == text.size() && inet_pton(AF_INET, plain.c_str(), &v4) == 1) {
    std::ranges::copy(kMapped, address.begin());
    std::memcpy(address.data() + kMapped.size(), &v4, sizeof v4);
    return address;
  }
  if (plain.find('\0') != std::string::npos ||
      inet_pton(AF_INET6, plain.c_str(), address.data()) != 1)
    return bad("is no IPv4 or IPv6 address");
  return address;
}

Result<Network> Network::parse(std::string_view text) {
  if (text.find_first_of(std::string_view("%\0", 2)) != std::string_view::npos)
    return bad("is no network");
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  Network network;
  TRY_ASSIGN(network.address_, parse_address(host));
  if (slash == std::string_view::npos) return network;
  // "::ffff:192.0.2.0/120" counts its 128 bits, "192.0.2.0/24" its 32.
  const unsigned before = host.find(':') == std::string_view::npos ? kMappedBits : 0;
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool plain = !digits.empty() && (digits[0] != '0' || digits.size() == 1);
  if (!plain || error != std::errc() || end != digits.data() + digits.size() ||
      length > kBits - before)
    return bad("has no valid prefix length");
  network.prefix_ = before + length;
  if (!is_clear_after(network.address_, network.prefix_))
    return bad("has bits set behind its prefix length");
  return network;
}

bool Network::contains(const Address& address) const {
  if (prefix_ < kMappedBits && is_mapped(address)) return false;
  return same_prefix(address_, address, prefix_);
}

// What is wider than all mapped addresses is of IPv6, and holds none of IPv4.
bool Network::contains(const Network& other) const {
  if (prefix_ < kMappedBits && other.prefix_ >= kMappedBits && is_mapped(other.address_))
    return false;
  return other.prefix_ >= prefix_ && same_prefix(address_, other.address_, prefix_);
}

std::string Network::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_mapped(address_) && prefix_ >= kMappedBits;
  const void* octets = v4 ? address_.data() + kMapped.size() : address_.data();
  inet_ntop(v4 ? AF_INET : AF_INET6, octets, text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(prefix_ - (v4 ? kMappedBits : 0));
}

Result<std::vector<Network>> networks_of(std::span<const std::string> texts) {
  std::vector<Network> networks;
  networks.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto network = Network::parse(texts[i]);
    if (!network)
      return base::fail_field("addresses." + std::to_string(i), network.error().message);
    networks.push_back(*network);
  }
  return networks;
}

bool within(std::span<const Network> inner, std::span<const Network> outer) {
  if (outer.empty()) return true;
  return !inner.empty() && std::ranges::all_of(inner, [&](const Network& network) {
    return std::ranges::any_of(outer, [&](const Network& o) { return o.contains(network); });
  });
}

}  // namespace quantumapi::access
