// What the route files of this room share.
#pragma once

#include <vector>

#include "ca/service.h"
#include "http/route.h"

namespace quantumapi::ca {

inline constexpr std::string_view kCategory = "certificates";
inline constexpr std::int64_t kMaxPage = 1'000'000;
inline constexpr std::int64_t kMaxPageSize = 200;
inline constexpr std::size_t kSmallBody = 64 * 1024;  // octets; a CSR has at most 32 KiB

using Function = Result<http::Reply> (*)(CaService&, http::Call&);

// on_pool makes a handler that asks the store: it never runs on an I/O thread.
inline http::Route::Handler on_pool(CaService& service, Function function) {
  return [&service, function](http::Call& call) -> Result<http::Reply> {
    if (!call.may_block()) return fail(Code::kWouldBlock, "the store must be asked");
    return function(service, call);
  };
}

// id_parameter: a path that is no UUID names nothing.
template <typename Id>
Result<Id> id_parameter(const http::Call& call, std::string_view missing) {
  const auto id = Id::parse(call.parameter(0));
  if (!id) return fail(Code::kNotFound, std::string(missing));
  return *id;
}

// Paging is ?page= and ?pageSize=.
struct Paging {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  [[nodiscard]] std::int64_t offset() const { return (page - 1) * page_size; }
  static Result<Paging> of(const http::Query& query) {
    Paging paging;
    TRY_ASSIGN(paging.page, query.integer("page", 1, 1, kMaxPage));
    TRY_ASSIGN(paging.page_size, query.integer("pageSize", 50, 1, kMaxPageSize));
    return paging;
  }
};

std::vector<http::Route> authority_routes(CaService& service);
std::vector<http::Route> identity_routes(CaService& service);
std::vector<http::Route> certificate_routes(CaService& service);
std::vector<http::Route> pki_routes(CaService& service);

}  // namespace quantumapi::ca
