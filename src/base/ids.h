// UUIDs and the strong identifier types made of them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace quantumapi::base {

// Uuid is 16 octets in network order (RFC 9562).
struct Uuid {
  std::array<std::uint8_t, 16> octets{};

  // v7 makes a time-ordered UUID: 48 bits of Unix milliseconds, 74 random bits
  // of the operating system. Safe from any thread.
  static Uuid v7(WallTime now);
  // parse accepts the 36-character form in either case. kInvalidArgument
  // otherwise.
  static Result<Uuid> parse(std::string_view text);
  // from_bytes needs exactly 16 octets.
  static Result<Uuid> from_bytes(ByteView bytes);

  [[nodiscard]] std::string to_string() const;  // 36 characters, lower case
  // write_to writes those kTextSize characters at `out` and gives the end of
  // them.
  char* write_to(char* out) const noexcept;
  static constexpr std::size_t kTextSize = 36;
  [[nodiscard]] ByteView bytes() const { return octets; }
  [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
  auto operator<=>(const Uuid&) const = default;
};

// Id<Tag> is a Uuid that can't be mistaken for an id of another kind.
template <typename Tag>
struct Id {
  Uuid uuid;

  static Id make(WallTime now) { return {Uuid::v7(now)}; }
  static Result<Id> parse(std::string_view text) {
    TRY_ASSIGN(const Uuid uuid, Uuid::parse(text));
    return Id{uuid};
  }
  static Result<Id> from_bytes(ByteView bytes) {
    TRY_ASSIGN(const Uuid uuid, Uuid::from_bytes(bytes));
    return Id{uuid};
  }
  [[nodiscard]] std::string to_string() const { return uuid.to_string(); }
  [[nodiscard]] ByteView bytes() const { return uuid.octets; }
  [[nodiscard]] bool is_nil() const { return uuid.is_nil(); }
  auto operator<=>(const Id&) const = default;
};

using TenantId = Id<struct TenantTag>;
using ServiceAccountId = Id<struct ServiceAccountTag>;
using ApiKeyId = Id<struct ApiKeyTag>;
using KeyId = Id<struct KeyTag>;  // a tenant key; its versions share it
using SecretId = Id<struct SecretTag>;
using RootKeyId = Id<struct RootKeyTag>;
using RequestId = Id<struct RequestTag>;
using ProcessId = Id<struct ProcessTag>;  // one start of one server process

}  // namespace quantumapi::base

namespace quantumapi {
using base::ApiKeyId;
using base::KeyId;
using base::ProcessId;
using base::RequestId;
using base::RootKeyId;
using base::SecretId;
using base::ServiceAccountId;
using base::TenantId;
using base::Uuid;
}  // namespace quantumapi

template <>
struct std::hash<quantumapi::base::Uuid> {
  std::size_t operator()(const quantumapi::base::Uuid& id) const noexcept {
    std::uint64_t tail;
    std::memcpy(&tail, id.octets.data() + 8, sizeof tail);  // the random half
    return static_cast<std::size_t>(tail);
  }
};
template <typename Tag>
struct std::hash<quantumapi::base::Id<Tag>> {
  std::size_t operator()(const quantumapi::base::Id<Tag>& id) const noexcept {
    return std::hash<quantumapi::base::Uuid>{}(id.uuid);
  }
};
