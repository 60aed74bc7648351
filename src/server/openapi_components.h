// What operations of the API document share: refusals and security schemes.
#pragma once

#include <set>
#include <string_view>

#include "http/route.h"

namespace quantumapi::server {

// refusals_of gives the error statuses that an operation is documented with.
std::set<int> refusals_of(const http::Route& route);

// refusal_name is the name of a status's response below components.
std::string_view refusal_name(int status);

// write_components writes the object of that name.
void write_components(json::Writer& out);

}  // namespace quantumapi::server
