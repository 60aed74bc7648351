#include "ca/routes.h"

#include "ca/route_parts.h"

namespace quantumapi::ca {

std::vector<http::Route> routes(CaService& service) {
  std::vector<http::Route> all;
  for (auto part : {authority_routes, identity_routes, certificate_routes, pki_routes})
    for (http::Route& route : part(service)) all.push_back(std::move(route));
  return all;
}

}  // namespace quantumapi::ca
