// Statement, parameters and rows: the same SQL text for SQLite and PostgreSQL.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace quantumapi::store {

// Statement is a constant of a repository file: each is prepared once a
// connection and known by its address. Parameters stand in the text by name
// (":id"). `postgres` replaces `sql` there where one text can't serve both.
// docs/decisions/0003-sql.md lists what the text may not use.
struct Statement {
  std::string_view name;  // "secrets.find": unique, for errors and metrics
  std::string_view sql;
  std::string_view postgres = {};
};

using Null = std::monostate;

// Param binds one name. It views: what it refers to must outlive the call.
struct Param {
  using Value = std::variant<Null, std::int64_t, std::string_view, ByteView>;
  std::string_view name;
  Value value;

  Param(std::string_view n, Null) : name(n) {}
  template <std::integral I>
  Param(std::string_view n, I v) : name(n), value(static_cast<std::int64_t>(v)) {}
  Param(std::string_view n, std::string_view v) : name(n), value(v) {}
  Param(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Param(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Param(std::string_view n, ByteView v) : name(n), value(v) {}
  Param(std::string_view n, const Bytes& v) : name(n), value(ByteView(v)) {}
  Param(std::string_view n, const Uuid& v) : name(n), value(ByteView(v.octets)) {}
  template <typename Tag>
  Param(std::string_view n, const base::Id<Tag>& v) : name(n), value(ByteView(v.uuid.octets)) {}
  Param(std::string_view n, WallTime v) : name(n), value(v.micros) {}
  template <typename T>
  Param(std::string_view n, const std::optional<T>& v) : name(n) {
    if (v) value = Param(n, *v).value;
  }
};
using Params = std::initializer_list<Param>;

// Row is one row of a result, valid inside the callback that receives it.
// Columns count from 0 in the order of the SELECT list. Asking a column for
// another type than it has is a defect of ours and ends the statement with kInternal.
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual std::string_view text(int column) const = 0;
  [[nodiscard]] virtual ByteView blob(int column) const = 0;

  [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
  [[nodiscard]] WallTime time(int column) const { return {integer(column)}; }
  [[nodiscard]] Uuid uuid(int column) const {
    return Uuid::from_bytes(blob(column)).value_or(Uuid{});
  }
  template <typename IdType>
  [[nodiscard]] IdType id(int column) const {
    return IdType{uuid(column)};
  }
  [[nodiscard]] std::optional<WallTime> optional_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
  }
  [[nodiscard]] std::optional<std::string> optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(std::string(text(column)));
  }
  [[nodiscard]] Bytes bytes(int column) const {
    const ByteView view = blob(column);
    return {view.begin(), view.end()};
  }
};

}  // namespace quantumapi::store
