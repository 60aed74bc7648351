#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "cli/exit_code.h"
#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kSerial = "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";

// Active answers as a platform whose identity `shop` has active certificates.
class Active {
 public:
  explicit Active(int count) {
    for (int i = 0; i < count; ++i) add();
  }
  void add() { ids_.push_back(fmt::format("00000000-0000-4000-8000-{:012x}", next_++)); }

  http::Reply operator()(const Received& request) {
    if (request.line.starts_with("GET")) return list(request.line);
    const auto found = std::ranges::find_if(
        ids_, [&](const std::string& id) { return request.line.contains("/" + id + "/revoke"); });
    if (found == ids_.end()) return TestPlatform::json(R"({"error":"not_found"})", 404);
    if (*found == stuck) return TestPlatform::json(R"({"error":"e","message":"stuck"})", 409);
    ids_.erase(found);
    if (on_revoked) on_revoked();
    return TestPlatform::json(R"({"status":"revoked"})");
  }

  [[nodiscard]] std::size_t left() const { return ids_.size(); }
  std::string stuck;
  std::function<void()> on_revoked;

 private:
  http::Reply list(const std::string& line) {
    EXPECT_TRUE(line.contains("?status=active&identity=shop%2Fweb&")) << line;
    const std::size_t from = 100 * (std::stoul(line.substr(line.find("page=") + 5)) - 1);
    std::string rows;
    for (std::size_t i = from; i < ids_.size() && i < from + 100; ++i)
      rows += (rows.empty() ? "" : ",") + fmt::format(R"({{"id":"{}"}})", ids_[i]);
    return TestPlatform::json(R"({"certificates":[)" + rows + "]}");
  }
  std::vector<std::string> ids_;
  int next_ = 1;
};

TEST_F(Cli, AllCertificatesOfAnIdentityAreRevoked) {
  Active active(215);
  auto& server = platform([&](const Received& request) { return active(request); });
  const std::vector<std::string> line{"cert", "revoke", "--identity", "shop/web"};
  const auto with = [&line](std::vector<std::string> more) {
    more.insert(more.begin(), line.begin(), line.end());
    return more;
  };
  EXPECT_EQ(run(line).code, kUsage);  // no terminal to ask on
  const Ran asked = run_on({.in = true}, line, "no\n");
  EXPECT_TRUE(asked.err.contains("215 active certificates of shop/web end for good")) << asked.err;
  EXPECT_EQ(active.left(), 215U);

  bool late = false;  // one more is issued meanwhile
  active.on_revoked = [&] {
    if (active.left() == 0 && !std::exchange(late, true)) active.add();
  };
  const Ran all = run(with({"--yes", "--reason", "keyCompromise", "--output", "json"}));
  EXPECT_EQ(all.code, kOk) << all.err;
  EXPECT_EQ(all.out, "{\"identity\":\"shop/web\",\"revoked\":216}\n");
  EXPECT_EQ(active.left(), 0U);
  const auto received = server.received();
  for (const auto& request : received)
    EXPECT_EQ(request.body, request.line.starts_with("GET") ? "" : R"({"reason":"keyCompromise"})");
  EXPECT_EQ(run(with({"--output", "value"})).out, "0\n");
  EXPECT_TRUE(run(line).out.contains("revoked   0")) << run(line).out;
}

TEST_F(Cli, OneCertificateThatCannotBeRevokedKeepsNoOther) {
  Active active(3);
  active.stuck = "00000000-0000-4000-8000-000000000002";
  platform([&](const Received& request) { return active(request); });
  const Ran ran = run({"cert", "revoke", "--identity", "shop/web", "--yes"});
  EXPECT_EQ(ran.code, kConflict);
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(ran.err.contains("2 of 3 active certificates are revoked")) << ran.err;
  EXPECT_EQ(active.left(), 1U);
  // Nor what stops them all after it: it is what is told.
  Active forbidden(5);
  forbidden.stuck = "00000000-0000-4000-8000-000000000001";
  auto& stops = platform([&](const Received& request) {
    return request.line.contains("000000000003/") ? TestPlatform::json(R"({"error":"e"})", 403)
                                                  : forbidden(request);
  });
  EXPECT_EQ(run({"cert", "revoke", "--identity", "shop/web", "--yes"}).code, kUnauthorized);
  EXPECT_EQ(stops.lines().size(), 4U) << "the list, and three of five";
  EXPECT_EQ(forbidden.left(), 4U);
  // What is wrong with the request is wrong with each.
  auto& server = platform([&](const Received& request) {
    return request.line.starts_with("GET") ? Active(5)(request)
                                           : TestPlatform::json(R"({"error":"e"})", 400);
  });
  EXPECT_EQ(run({"cert", "revoke", "--identity", "shop/web", "--yes"}).code, kInvalid);
  EXPECT_EQ(server.lines().size(), 2U);
  for (const auto& words : {std::vector<std::string>{"cert", "revoke", "--yes"},
                            {"cert", "revoke", kSerial, "--identity", "shop/web", "--yes"},
                            {"cert", "revoke", "--identity", "", "--yes"}})
    EXPECT_EQ(run(words).code, kUsage);
  EXPECT_EQ(server.lines().size(), 2U);
}

}  // namespace
}  // namespace quantumapi::cli
