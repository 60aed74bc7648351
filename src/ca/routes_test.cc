#include "ca/routes.h"

#include <algorithm>
#include <map>

#include "ca/test_ca.h"
#include "x509/crl.h"

namespace quantumapi::ca {
namespace {

using http::Method;

// Sent is one request through the routing table to its handler, as the server does it.
struct Sent {
  Result<http::Reply> reply = fail(Code::kInternal, "not sent");
  std::string body;
  std::vector<AuditEvent> events;
  AuditEvent own;
  bool recorded = false;

  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& [key, value] : reply->headers)
      if (key == name) return value;
    return "(absent)";
  }
};

class CaRoutes : public CaTest {
 protected:
  Sent send(const Principal& by, Method method, std::string_view path, std::string_view body = {},
            std::vector<http::Request::HeaderLine> headers = {}, bool may_block = true) {
    const http::Router router(routes(ca()));
    const auto query = path.find('?');
    const auto match = expect(router.find(method, path.substr(0, query)));
    Sent sent;
    if (match.route == nullptr) {
      ADD_FAILURE() << "no route " << path;
      return sent;
    }
    WipingArena arena;
    http::Request request;
    request.method = method;
    request.path = path.substr(0, query);
    if (query != std::string_view::npos) request.query = path.substr(query + 1);
    request.body = body;
    request.headers = std::move(headers);
    request.arena = &arena;
    http::Call call(request, by, event(match.route->action), may_block);
    call.parameters = match.parameters;
    auto reply = match.route->handler(call);
    if (reply) sent.body = std::string(reply->body);
    sent.reply = reply ? Result<http::Reply>(http::Reply{.status = reply->status,
                                                         .content_type = reply->content_type,
                                                         .body = {},
                                                         .headers = reply->headers})
                       : Result<http::Reply>(std::unexpected(reply.error()));
    sent.events = call.events;
    sent.own = call.event();
    sent.recorded = call.in_transaction;
    return sent;
  }
  json::Value parsed(const std::string& body) { return expect(json::parse(body, memory_)); }
  std::string member(const std::string& body, std::string_view folded) {
    const json::Value object = parsed(body);
    const json::Value* value = object.find(folded);
    return value == nullptr ? "(absent)" : std::string(value->text);
  }
  std::string order(const std::string& name, const std::string& request) {
    return json::to_text(std::map<std::string, std::string>{{"identity", name}, {"csr", request}});
  }

 private:
  std::pmr::monotonic_buffer_resource memory_;
};
INSTANTIATE_TEST_SUITE_P(Engines, CaRoutes, store::testing::engines(), store::testing::name_of);

TEST_P(CaRoutes, WhatIsOpenIsPublicAndEverythingElseIsAudited) {
  for (const http::Route& route : routes(ca())) {
    const bool open = route.path == "/cas/{id}/pem" || route.path == "/cas/{id}/crl" ||
                      route.path == "/cas/{id}/issuers";
    EXPECT_EQ(route.access == http::Access::kOpen, open) << route.path;
    EXPECT_EQ(route.action.empty(), open) << route.path;
    EXPECT_EQ(route.scope.empty(), open || route.path == "/pki/ca/pem") << route.path;
    if (route.method != Method::kGet && route.method != Method::kDelete) {
      EXPECT_LE(route.body_limit, 64U * 1024U) << route.path;
    }
  }
}

TEST_P(CaRoutes, TheDocumentOfTheApiKnowsEveryLimit) {
  std::pmr::string schemas;
  json::Writer out(schemas);
  for (const http::Route& route : routes(ca()))
    if (route.request_schema != nullptr) route.request_schema(out, json::Side::kRequest, {});
  for (const char* limit :
       {R"("maxLength":56)", R"("maxLength":64)", R"("maxItems":50)", R"("maxLength":32768)",
        R"(["ML-DSA-65","ECDSA-P256"])", R"("keyCompromise")", R"("clientAuth")"})
    EXPECT_TRUE(schemas.contains(limit)) << limit;
}

TEST_P(CaRoutes, AnIssuedCertificateCarriesAllThatItsHolderNeeds) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const Sent sent = send(holder, Method::kPost, "/v1/certificates",
                         order("users-api", csr({.common_name = "users-api"})));
  ASSERT_TRUE(sent.reply) << sent.reply.error().message;
  EXPECT_EQ(sent.reply->status, 201);
  EXPECT_TRUE(sent.recorded);
  EXPECT_TRUE(sent.events.empty()) << "an event belongs to the transaction or to the reply";
  const auto id = expect(CertificateId::parse(member(sent.body, "id")));
  EXPECT_EQ(member(sent.body, "serialnumber"), serial_hex(id));
  EXPECT_EQ(member(sent.body, "spiffeid"), mine.spiffe_id);
  EXPECT_EQ(member(sent.body, "status"), "active");
  EXPECT_EQ(member(sent.body, "keytype"), "ML-DSA-65");
  EXPECT_EQ(sent.header("Location"), "/api/v1/certificates/" + id.to_string());
  for (const char* pem : {"certificatepem", "chainpem", "capem"})
    EXPECT_TRUE(member(sent.body, pem).starts_with("-----BEGIN CERTIFICATE-----\n")) << pem;
  EXPECT_FALSE(sent.body.contains("PRIVATE KEY"));
  EXPECT_TRUE(sent.body.contains(R"("dnsNames":["users-api.internal"])")) << sent.body;
  for (const std::string& path :
       {"/" + id.to_string(), std::string(), std::string("?identity=users-api"),
        std::string("?expiresAfter=2020-01-01T00:00:00Z"),
        std::string("?identity=users-api&expiresAfter=2020-01-01T00:00:00Z"),
        "?serial=" + serial_hex(id)}) {
    const Sent shown = send(owner(), Method::kGet, "/v1/certificates" + path);
    EXPECT_TRUE(shown.body.contains(R"("spiffeId":")" + mine.spiffe_id + '"')) << path;
    EXPECT_TRUE(shown.body.contains(R"("dnsNames":["users-api.internal"])")) << path;
  }
  EXPECT_FALSE(sent.body.contains("null"));
}

TEST_P(CaRoutes, WhatMakesAnAuthoritySaysWhetherItIsInForce) {
  const std::string first = expect(ca().policy(owner())).issuer->to_string();
  const auto made = [&](const std::string& path, std::string_view body, bool in_force) {
    const Sent sent = send(owner(), Method::kPost, "/v1/cas" + path, body);
    EXPECT_TRUE(sent.body.contains(in_force ? R"("inForce":true)" : R"("inForce":false)")) << path;
    return member(sent.body, "id");
  };
  made("", R"({"name":"classical","classical":true})", true);
  made("/" + first + "/renew", {}, true);
  made("/" + first + "/renew", {}, true);
  const std::string spare = made("", R"({"name":"spare"})", false);
  made("/" + spare + "/renew", {}, false);
  made("", R"({"name":"default","setDefault":true})", true);
  made("/" + first + "/renew", {}, false);  // the issuer is another root's
}

TEST_P(CaRoutes, ARefusalNamesTheIdentityThatWasAskedFor) {
  const Principal holder = account("users-api");
  const Identity mine = identity(holder, "users-api");
  const Sent sent = send(account("orders"), Method::kPost, "/v1/certificates",
                         order("users-api", csr({.common_name = "users-api"})));
  expect_code(sent.reply, Code::kPermissionDenied);
  EXPECT_EQ(sent.own.resource_type, "identity");
  EXPECT_EQ(sent.own.resource, mine.id.uuid);
  EXPECT_EQ(sent.own.resource_name, "users-api");
}

TEST_P(CaRoutes, ARevocationListIsPolledByItsTag) {
  const auto chain = expect(ca().list_authorities(owner()));
  const std::string path = "/v1/cas/" + chain.back().id.to_string() + "/crl";
  const Principal nobody;
  expect_code(send(nobody, Method::kGet, path, {}, {}, false).reply, Code::kWouldBlock);
  const Sent first = send(nobody, Method::kGet, path);
  ASSERT_TRUE(first.reply) << first.reply.error().message;
  EXPECT_EQ(first.reply->content_type, "application/pkix-crl");
  EXPECT_TRUE(x509::parse_crl(as_bytes(first.body), chain.back().certificate));
  const std::string tag = first.header("ETag");
  EXPECT_TRUE(tag.starts_with('"') && tag.ends_with('"'));
  for (const std::string& given : std::vector<std::string>{tag, "\"a\", " + tag, "W/" + tag, "*"}) {
    const Sent same = send(nobody, Method::kGet, path, {}, {{"If-None-Match", given}}, false);
    ASSERT_TRUE(same.reply) << "from memory, on an I/O thread";
    EXPECT_EQ(same.reply->status, 304) << given;
    EXPECT_TRUE(same.body.empty());
    EXPECT_EQ(same.header("ETag"), tag);
  }
  for (const std::string& given : std::vector<std::string>{"", "\"a\"", "a", tag.substr(1)}) {
    const Sent other = send(nobody, Method::kGet, path, {}, {{"If-None-Match", given}});
    ASSERT_TRUE(other.reply);
    EXPECT_EQ(other.reply->status, 200) << given;
  }
  const Sent pem = send(nobody, Method::kGet, path + "?format=pem");
  EXPECT_TRUE(pem.body.starts_with("-----BEGIN X509 CRL-----\n"));
  EXPECT_NE(pem.header("ETag"), tag);
  expect_code(send(nobody, Method::kGet, path + "?format=xml").reply, Code::kInvalidArgument);
  expect_code(send(nobody, Method::kGet, "/v1/cas/x/crl").reply, Code::kNotFound);
}

TEST_P(CaRoutes, ThePkiRoutesAnswerBothSpellings) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const Sent on =
      send(owner(), Method::kPatch, "/v1/certificate-policy", R"({"server_keys":true})");
  ASSERT_TRUE(on.reply) << on.reply.error().message;
  const Sent sent = send(holder, Method::kPost, "/v1/pki/issue",
                         R"({"common_name":"users-api","ttl":"24h","key_type":"ml-dsa-65"})");
  ASSERT_TRUE(sent.reply) << sent.reply.error().message;
  EXPECT_EQ(sent.reply->status, 200);
  const json::Value answer = parsed(sent.body);
  const json::Value& data = *answer.find("data");
  std::vector<std::string_view> names;
  for (const auto& one : data.members) names.push_back(one.name);
  for (const char* name : {"certificatePem", "certificate_pem", "privateKeyPem", "private_key_pem",
                           "expiration", "serialNumber", "caPem"})
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  const Sent root = send(holder, Method::kGet, "/v1/pki/ca/pem");
  ASSERT_TRUE(root.reply);
  EXPECT_EQ(data.find("capem")->text.contains(root.body), true);
  EXPECT_EQ(root.events.size(), 1U);
  EXPECT_EQ(root.body.find("BEGIN", 30), std::string::npos) << "one certificate";
}

TEST_P(CaRoutes, BadBodiesNameTheirField) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  struct Case {
    Method method;
    const char* path;
    const char* body;
    const char* field;
  };
  const Case cases[] = {
      {Method::kPost, "/v1/certificates", R"({"identity":"users-api"})", "csr"},
      {Method::kPost, "/v1/certificates", R"({"identity":"users-api","csr":"x"})", "csr"},
      {Method::kPost, "/v1/certificates", R"({"identity":"users-api","csr":"x","ttl":"1"})", "ttl"},
      {Method::kPost, "/v1/certificates", R"({"identity":7,"csr":"x"})", "identity"},
      {Method::kPost, "/v1/pki/issue", R"({"ttl":"24h"})", "commonName"},
      {Method::kPost, "/v1/pki/issue", R"({"common_name":"A B"})", "commonName"},
      {Method::kPost, "/v1/pki/issue", R"({"common_name":"users-api","key_type":"rsa"})",
       "keyType"},
      {Method::kPost, "/v1/cas", R"({})", "name"},
      {Method::kPost, "/v1/service-identities", R"({"name":"A"})", "name"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","ttl":"x"})", "ttl"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","maxTtl":"1m"})", "maxTtl"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","dnsNames":["a b"]})", "dnsNames"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","addresses":["a"]})", "addresses"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","keyTypes":["rsa"]})", "keyTypes"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","usages":["any"]})", "usages"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","spiffeName":"a/b"})", "spiffeName"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","spiffeNamespace":".."})",
       "spiffeNamespace"},
      {Method::kPost, "/v1/service-identities",
       R"({"name":"a","spiffeNamespace":"a/b","spiffeName":"ok"})", "spiffeNamespace"},
      {Method::kPost, "/v1/certificates", R"({"identity":"users-api","csr":"x","lifetime":"5m"})",
       "lifetime"},
      {Method::kPost, "/v1/certificates", R"({"identity":"users-api","csr":"x","dnsNames":["a"]})",
       "dnsNames"},
      {Method::kPost, "/v1/service-identities", R"({"name":"a","serviceAccount":"nobody"})",
       "serviceAccount"},
      {Method::kPatch, "/v1/certificate-policy", R"({"trustDomain":"A B"})", "trustDomain"},
      {Method::kGet, "/v1/certificates?status=odd", "", "status"},
      {Method::kGet, "/v1/certificates?serial=zz", "", "serial"},
      {Method::kGet, "/v1/certificates?expiresBefore=soon", "", "expiresBefore"},
      {Method::kGet, "/v1/certificates?pageSize=0", "", "pageSize"},
  };
  for (const auto& [method, path, body, field] : cases) {
    const bool as_holder =
        std::string_view(path).contains("certificates") || std::string_view(path).contains("pki");
    const Sent sent = send(as_holder ? holder : owner(), method, path, body);
    ASSERT_FALSE(sent.reply) << path << body;
    EXPECT_EQ(sent.reply.error().code, Code::kInvalidArgument) << path << body;
    ASSERT_EQ(sent.reply.error().fields.size(), 1U) << path << body;
    EXPECT_EQ(sent.reply.error().fields[0].field, field) << path << body;
    EXPECT_FALSE(sent.recorded);
  }
  for (const char* type : {"RSA", "ML-DSA-87"}) {
    const std::string body = R"({"name":"a","keyTypes":[")" + std::string(type) + R"("]})";
    const Sent sent = send(owner(), Method::kPost, "/v1/service-identities", body);
    EXPECT_TRUE(sent.reply.error().message.contains("are ML-DSA-65 and ECDSA-P256")) << type;
  }
  const auto made = issue(holder, "users-api");
  const std::string path = "/v1/certificates/" + made.record.id.to_string() + "/revoke";
  for (const char* reason : {"certificateHold", "removeFromCRL", "because"}) {
    const Sent sent = send(holder, Method::kPost, path,
                           json::to_text(std::map<std::string, std::string>{{"reason", reason}}));
    ASSERT_FALSE(sent.reply) << reason;
    EXPECT_EQ(sent.reply.error().fields[0].field, "reason");
  }
}

TEST_P(CaRoutes, TheCertificateOfARevocationIsThatOfItsNumber) {
  const Principal holder = account("users-api");
  identity(holder, "users-api");
  const auto made = issue(holder, "users-api");
  const std::string path =
      "/v1/certificates/" + CertificateId::make(clock().wall()).to_string() + "/revoke";
  const auto body = [](const std::string& pem) {
    return json::to_text(std::map<std::string, std::string>{{"certificate", pem}});
  };
  for (const std::string& pem : {std::string("none"), x509::certificate_pem(made.certificate)}) {
    const Sent sent = send(owner(), Method::kPost, path, body(pem));
    ASSERT_FALSE(sent.reply);
    EXPECT_EQ(sent.reply.error().fields[0].field, "certificate");
  }
  const std::string own = "/v1/certificates/" + made.record.id.to_string() + "/revoke";
  for (const auto* above : {&made.intermediates, &made.roots}) {
    const Sent refused =
        send(owner(), Method::kPost, path, body(x509::certificate_pem(above->front())));
    ASSERT_FALSE(refused.reply);
    EXPECT_TRUE(refused.reply.error().fields[0].message.contains("an authority's"));
  }
  const Sent sent = send(holder, Method::kPost, own, body(x509::certificate_pem(made.certificate)));
  ASSERT_TRUE(sent.reply) << sent.reply.error().message;
  EXPECT_EQ(member(sent.body, "status"), "revoked");
}

TEST_P(CaRoutes, IdsThatAreNoneAreNotFound) {
  for (const char* path : {"/v1/cas/x", "/v1/certificates/x", "/v1/service-identities/x"})
    expect_code(send(owner(), Method::kGet, path).reply, Code::kNotFound);
}

}  // namespace
}  // namespace quantumapi::ca
