#include "x509/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace quantumapi::x509 {
namespace {

constexpr std::size_t kMaxNames = 100;
constexpr std::size_t kMaxDnsName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::string_view kNoName = "A name is neither a DNS name nor an IP address.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_label_character(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; }

// is_label holds RFC 1123 section 2.1: letters, digits and inner hyphens.
bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, is_label_character);
}

bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxDnsName) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (!is_label(label)) return false;
    // A last label of digits alone is a mistyped address.
    if (dot == std::string_view::npos) return !std::ranges::all_of(label, is_digit);
    name.remove_prefix(dot + 1);
  }
}

Bytes parse_ip(const std::string& text) {
  std::array<std::uint8_t, 16> octets;
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1)
    return Bytes(octets.begin(), octets.begin() + 4);
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1)
    return Bytes(octets.begin(), octets.end());
  return {};
}

}  // namespace

Result<Name> parse_name(const std::string& text) {
  Name name;
  name.octets = text.find('\0') == std::string::npos ? parse_ip(text) : Bytes{};
  name.is_ip = !name.octets.empty();
  if (name.is_ip) {
    name.text = ip_text(name.octets);
    return name;
  }
  name.text = text;
  for (char& c : name.text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (!is_dns_name(name.text)) return fail(Code::kInvalidArgument, std::string(kNoName));
  name.octets.assign(name.text.begin(), name.text.end());
  return name;
}

Result<std::vector<Name>> parse_names(const std::vector<std::string>& names,
                                      std::string_view fault) {
  if (names.empty() || names.size() > kMaxNames)
    return fail(Code::kInvalidArgument, "A server certificate needs 1 to 100 names.");
  std::vector<Name> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto name = parse_name(names[i]);
    if (!name) return fail(Code::kInvalidArgument, name_fault("name", names[i], i, fault));
    const auto same = [&](const Name& other) { return other.text == name->text; };
    if (std::ranges::none_of(out, same)) out.push_back(*std::move(name));
  }
  return out;
}

std::string name_fault(std::string_view kind, std::string_view text, std::size_t index,
                       std::string_view fault) {
  const auto is_shown = [](char c) { return c >= ' ' && c <= '~' && c != '"'; };
  const bool shown = text.size() <= kMaxDnsName && std::ranges::all_of(text, is_shown);
  std::string out(kind);
  out += shown ? " \"" + std::string(text) + '"' : ' ' + std::to_string(index + 1);
  out += ' ';
  out += fault;
  if (std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; }))
    out += "; what is not ASCII is written in punycode (xn--)";
  return "The " + out + '.';
}

std::string ip_text(ByteView octets) {
  if (octets.size() != 4 && octets.size() != 16) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), text.data(), text.size());
  return text.data();
}

}  // namespace quantumapi::x509
