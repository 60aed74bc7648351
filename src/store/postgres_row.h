// PostgresRow: a row of a binary result, and parameters in the form the server wants.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "store/connection.h"

struct pg_result;

namespace quantumapi::store {

class PostgresRow final : public Row {
 public:
  PostgresRow(const pg_result* result, int row) : result_(result), row_(row) {}

  [[nodiscard]] bool is_null(int column) const override;
  [[nodiscard]] std::int64_t integer(int column) const override;
  [[nodiscard]] std::string_view text(int column) const override;
  [[nodiscard]] ByteView blob(int column) const override;
  // wrong_column is the first one that was asked for another type; -1 if none.
  [[nodiscard]] int wrong_column() const { return wrong_column_; }

 private:
  [[nodiscard]] ByteView octets(int column) const;
  void wrong(int column) const {
    if (wrong_column_ < 0) wrong_column_ = column;
  }

  const pg_result* result_;
  int row_;
  mutable int wrong_column_ = -1;
};

// PostgresParameters holds the arrays that libpq takes. It views the values
// given to add, which must outlive it.
class PostgresParameters {
 public:
  explicit PostgresParameters(std::size_t count);
  // add appends one value for a parameter of type `oid`; kInternal when the
  // type is another one, kInvalidArgument for text that no engine stores alike.
  Status add(const Param::Value& value, unsigned oid);

  [[nodiscard]] int count() const { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }

 private:
  Status add_integer(std::int64_t value, unsigned oid);
  void push(const void* data, std::size_t size, int format);

  std::vector<std::array<char, 24>> numbers_;  // never grows beyond its first capacity
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

}  // namespace quantumapi::store
