#include "cli/lines.h"

#include <algorithm>

#include "cli/test_cli.h"

namespace quantumapi::cli {
namespace {

// Lines answers a batch with its items in upper case; an item "bad" fails alone.
class Lines : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    platform([this](const Received& request) {
      WipingArena arena;
      const auto body = json::parse(request.body, arena);
      std::pmr::string text;
      json::Writer out(text);
      out.begin_object();
      out.key("results");
      out.begin_array();
      for (const json::Value& item : body->find("items")->items) answer(out, item);
      out.end_array();
      out.end_object();
      bodies_.push_back(request.line + " " + request.body);
      return TestPlatform::json(text);
    });
  }

  static void answer(json::Writer& out, const json::Value& item) {
    std::string text(item.members[0].value.text);
    out.begin_object();
    if (text == "bad") {
      out.key("error");
      out.raw(R"({"code":"validation_error","message":"plaintext: is bad"})");
    } else {
      for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      out.key("encryptedPayload");
      out.string(text);
    }
    out.end_object();
  }

  std::vector<std::string> bodies_;
};

TEST_F(Lines, EachGivesALineInItsPlace) {
  const Ran ran = run({"encrypt", "-", "--lines"}, "a\nb\n\nlast");
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_EQ(ran.out, "A\nB\n\nLAST\n");
  EXPECT_EQ(ran.err, "");
  ASSERT_EQ(bodies_.size(), 1U);
  EXPECT_EQ(bodies_[0], R"(POST /api/v1/encrypt/batch {"items":[{"plaintext":"a"},)"
                        R"({"plaintext":"b"},{"plaintext":""},{"plaintext":"last"}]})");
}

TEST_F(Lines, AreAllThatStandsBetweenLineFeeds) {
  using std::string_literals::operator""s;
  const std::string lines = "a\r\n\r\n\0b\0\n \t\rc\r\r"s;
  for (const char* command : {"encrypt", "hash"}) {
    run({command, "-", "--lines"}, lines);
    EXPECT_TRUE(bodies_.back().contains(R"({"items":[{"plaintext":"a\r"},{"plaintext":"\r"},)"
                                        R"({"plaintext":"\u0000b\u0000"},)"
                                        R"({"plaintext":" \t\rc\r\r"}])"))
        << bodies_.back();
  }
  EXPECT_EQ(run({"encrypt", "-", "--lines"}, lines).out, "A\r\n\r\n\0B\0\n \t\rC\r\r\n"s);
}

TEST_F(Lines, OfBase64EndBeforeACarriageReturn) {
  run({"encrypt", "-", "--lines", "--encoding", "base64"}, "YQ==\r\n");
  EXPECT_TRUE(bodies_.at(0).contains(R"("plaintext":"YQ==")")) << bodies_.at(0);
}

TEST_F(Lines, FillABatchByWhatTheyTakeInJson) {
  const std::string zeros(300'000, '\0');
  EXPECT_EQ(run({"encrypt", "-", "--lines"}, zeros + "\n" + zeros + "\nlast\n").code, kOk);
  ASSERT_EQ(bodies_.size(), 2U) << "each is 1.8 MB";
  EXPECT_TRUE(bodies_[1].ends_with(R"({"plaintext":"last"}]})"));
  const Ran ran = run({"encrypt", "-", "--lines"}, zeros + zeros + "\nlast\n");
  EXPECT_EQ(ran.code, kInvalid);
  EXPECT_EQ(ran.out, "\nLAST\n");
  EXPECT_TRUE(ran.err.contains("line 1: is longer than a call may be")) << ran.err;
  bodies_.clear();
  const std::string bound(300'000, 'x');
  run({"encrypt", "-", "--lines", "--aad", bound}, "1\n2\n3\n4\n5\n6\n7\n");
  EXPECT_EQ(bodies_.size(), 2U);
}

TEST_F(Lines, OptionsGoWithEachOfThem) {
  run({"encrypt", "-", "--lines", "--aad", "a\"b", "--encoding", "base64"}, "x\n");
  EXPECT_TRUE(bodies_.at(0).ends_with(
      R"({"items":[{"plaintext":"x","encoding":"base64","additionalData":"a\"b"}]})"));
  run({"hash", "-", "--lines", "--plain"}, "x\n");
  EXPECT_TRUE(bodies_.at(1).ends_with(R"({"items":[{"plaintext":"x"}],"keyed":false})"));
  run({"encrypt", "-", "--lines", "--per-item"}, "x\n");
  EXPECT_TRUE(bodies_.at(2).ends_with(R"({"items":[{"plaintext":"x"}],"perItem":true})"));
  EXPECT_EQ(run({"encrypt", "-", "--per-item"}, "x").code, kUsage);
}

TEST_F(Lines, ABadOneIsNamedAndTheOthersArePrinted) {
  const Ran ran = run({"encrypt", "-", "--lines"}, "a\nbad\n\xff\nb\n");
  EXPECT_EQ(ran.code, kInvalid);
  EXPECT_EQ(ran.out, "A\n\n\nB\n");
  EXPECT_TRUE(ran.err.contains("line 2: plaintext: is bad\n")) << ran.err;
  EXPECT_TRUE(ran.err.contains("line 3: is not UTF-8\n")) << ran.err;
  EXPECT_TRUE(ran.err.contains("2 of 4 lines failed")) << ran.err;
}

TEST_F(Lines, ObjectsSayWhatBecameOfEach) {
  const Ran ran = run({"encrypt", "-", "--lines", "--output", "json"}, "a\nbad\n");
  EXPECT_EQ(ran.code, kInvalid);
  EXPECT_EQ(ran.out, R"({"line":1,"encryptedPayload":"A"})"
                     "\n"
                     R"({"line":2,"error":{"code":"validation_error",)"
                     R"("message":"plaintext: is bad"}})"
                     "\n");
}

TEST_F(Lines, AreSentAThousandAtATime) {
  std::string numbers;
  for (int i = 0; i < 2001; ++i) numbers += std::to_string(i) + "\n";
  const Ran ran = run({"encrypt", "@" + write("numbers", numbers), "--lines"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2001);
  EXPECT_TRUE(ran.out.ends_with("\n1999\n2000\n"));
  EXPECT_EQ(bodies_.size(), 3U);
}

TEST_F(Lines, ProgressIsForATerminalAndLeavesNothingThere) {
  const Ran seen = run_on({.err = true}, {"encrypt", "-", "--lines"}, "a\nb\n");
  EXPECT_TRUE(seen.err.starts_with("\r2 lines")) << seen.err;
  EXPECT_TRUE(seen.err.ends_with("\r       \r")) << seen.err;
  EXPECT_EQ(run({"encrypt", "-", "--lines"}, "a\nb\n").err, "");
}

TEST_F(Lines, ComeFromAFileOrAPipeOnly) {
  EXPECT_EQ(run({"encrypt", "text", "--lines"}).code, kUsage);
  EXPECT_EQ(run({"encrypt", "@" + at("absent"), "--lines"}).code, kUsage);
  EXPECT_TRUE(bodies_.empty());
}

TEST_F(Lines, OfNothingAreNothing) {
  const Ran ran = run({"encrypt", "-", "--lines"}, "");
  EXPECT_EQ(ran.code, kOk);
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(bodies_.empty());
}

TEST_F(Cli, ALineThatWouldBecomeSeveralIsNotPrinted) {
  platform(R"({"results":[{"index":0,"plaintext":"a\nb"},{"index":1,"plaintext":"c"}]})");
  const Ran ran = run({"decrypt", "-", "--lines"}, "qa1.x\nqa1.y\n");
  EXPECT_EQ(ran.code, kInvalid);
  EXPECT_EQ(ran.out, "\nc\n");
  EXPECT_TRUE(run({"decrypt", "-", "--lines", "--output", "json"}, "qa1.x\nqa1.y\n")
                  .out.starts_with(R"({"line":1,"plaintext":"a\nb"})"));
}

TEST_F(Cli, LinesOfAnyOctetsComeBackAsTheyWere) {
  auto& server = platform([](const Received& request) {
    return TestPlatform::json(
        request.line.contains("/encrypt/")
            ? R"({"results":[{"encryptedPayload":"qa1.x","ciphertext":"vault:v1:x"}]})"
            : R"({"results":[{"plaintext":"/wAN","signature":"vault:v1:x"}]})");
  });
  const std::string line("\xff\0\r\n", 4);
  const std::string sent = R"({"items":[{"plaintext":"/wAN","encoding":"base64"}])";
  EXPECT_EQ(run({"encrypt", "-", "--lines", "--binary"}, line).out, "qa1.x\n");
  EXPECT_TRUE(server.received().back().body.starts_with(sent)) << server.received().back().body;
  EXPECT_EQ(run({"decrypt", "-", "--lines", "--binary"}, "qa1.x\r\n").out, line);
  EXPECT_TRUE(server.received().back().body.contains(R"("encryptedPayload":"qa1.x")"));
  EXPECT_EQ(run({"transit", "encrypt", "k", "-", "--lines"}, line).out, "vault:v1:x\n");
  EXPECT_TRUE(server.received().back().body.starts_with(sent)) << server.received().back().body;
  EXPECT_EQ(run({"transit", "decrypt", "k", "-", "--lines"}, "vault:v1:x\r\n").out, line);
  EXPECT_TRUE(server.received().back().body.contains(R"("ciphertext":"vault:v1:x")"));
  EXPECT_EQ(run({"sign", "-", "--key", "k", "--lines"}, line).out, "vault:v1:x\n");
  EXPECT_TRUE(server.received().back().body.starts_with(
      R"({"items":[{"data":"/wAN","encoding":"base64"}])"))
      << server.received().back().body;
  const Ran object = run({"transit", "decrypt", "k", "-", "--lines", "--output", "json"}, "v\n");
  EXPECT_EQ(object.code, kInvalid);
  EXPECT_TRUE(object.out.contains("is not UTF-8")) << object.out;
}

TEST_F(Cli, APayloadOfTextIsNotTakenForOctets) {
  platform(R"({"results":[{"plaintext":"no base64"},{"plaintext":"YQ=="},{"plaintext":"Cg=="}]})");
  const Ran ran = run({"decrypt", "-", "--lines", "--binary"}, "qa1.x\nqa1.y\nqa1.z\n");
  EXPECT_EQ(ran.code, kInvalid);
  EXPECT_EQ(ran.out, "\na\n\n");
  EXPECT_TRUE(ran.err.contains("line 1: holds text, not octets")) << ran.err;
  EXPECT_TRUE(ran.err.contains("line 3: holds a line break: decrypt it by itself")) << ran.err;
}

TEST_F(Cli, AnAnswerWithOtherThanOneResultALineIsNone) {
  platform(R"({"results":[{"index":0,"encryptedPayload":"a"}]})");
  EXPECT_EQ(run({"encrypt", "-", "--lines"}, "a\nb\n").code, kFailed);
}

TEST_F(Cli, TransitLinesAreTextAndAnErrorOfTransitIsNamedToo) {
  platform(R"({"results":[{"index":0,"plaintext":"YWRh"},{"index":1,"error":"does not open"}]})");
  const Ran ran = run({"transit", "decrypt", "a/b", "-", "--lines"}, "vault:v1:x\nvault:v1:y\n");
  EXPECT_EQ(ran.out, "ada\n\n");
  EXPECT_TRUE(ran.err.contains("line 2: does not open")) << ran.err;
}

// Verifying answers a batch of /verify: a signature is "s" and the data that it is of.
class Verifying : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    platform([this](const Received& request) {
      WipingArena arena;
      const auto body = json::parse(request.body, arena);
      std::string results;
      for (const json::Value& item : body->find("items")->items) {
        const std::string data(item.find("data")->text);
        const std::string signature(item.find("signature")->text);
        results += results.empty() ? "" : ",";
        if (signature == "garbage")
          results += R"({"error":{"code":"validation_error","message":"signature: is bad"}})";
        else
          results += R"({"valid":)" + std::string(signature == "s" + data ? "true" : "false") +
                     R"(,"keyVersion":1})";
      }
      bodies_.push_back(request.line + " " + request.body);
      return TestPlatform::json(R"({"results":[)" + results + "]}");
    });
  }
  Ran verify(const std::string& data, const std::string& signatures,
             std::vector<std::string> more = {}) {
    std::vector<std::string> words{
        "verify", "-",    "--lines", "--signature", "@" + write("signatures", signatures),
        "--key",  "deeds"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, data);
  }

  std::vector<std::string> bodies_;
};

TEST_F(Verifying, EachLineIsHeldAgainstItsSignature) {
  const Ran ran = verify("a\nb\r\n", "sa\r\nsb\r\n");
  EXPECT_EQ(ran.code, kNotVerified) << "b and CR is other data than b";
  EXPECT_EQ(ran.out, "yes\nno\n");
  EXPECT_EQ(bodies_.at(0), R"(POST /api/v1/verify/batch {"items":[{"data":"a","signature":"sa"},)"
                           R"({"data":"b\r","signature":"sb"}],"keyId":"deeds"})");
  EXPECT_EQ(run({"transit", "verify", "deeds", "-", "--lines", "--signature",
                 "@" + write("signatures", "sa")},
                "a\n")
                .out,
            "yes\n");
}

TEST_F(Verifying, OneThatIsWrongEndsWithOneWhateverElseFailed) {
  const Ran ran = verify("a\nb\nc\n", "sa\nsa\ngarbage\n");
  EXPECT_EQ(ran.code, kNotVerified);
  EXPECT_EQ(ran.out, "yes\nno\n\n");
  EXPECT_TRUE(ran.err.contains("line 3: signature: is bad")) << ran.err;
  EXPECT_TRUE(ran.err.contains("1 of 3 lines do not verify; 1 of 3 lines failed")) << ran.err;
  const Ran objects = verify("a\nb\n", "sa\nsa\n", {"--output", "json"});
  EXPECT_EQ(objects.code, kNotVerified);
  EXPECT_EQ(objects.out, "{\"line\":1,\"valid\":true}\n{\"line\":2,\"valid\":false}\n");
}

TEST_F(Verifying, ALineWithoutASignatureOrTheOtherWayRoundIsNoPass) {
  const Ran less = verify("a\nb\nc\n", "sa\n\n");
  EXPECT_EQ(less.code, kInvalid);
  EXPECT_TRUE(less.err.contains("line 2: has no signature")) << less.err;
  EXPECT_TRUE(less.err.contains("line 3: has no signature")) << less.err;
  const Ran more = verify("a\n", "sa\nsb\n");
  EXPECT_EQ(more.code, kInvalid);
  EXPECT_EQ(more.out, "yes\n");
  EXPECT_TRUE(more.err.contains("there are more lines in")) << more.err;
  EXPECT_EQ(run({"verify", "-", "--lines", "--signature", "sa", "--key", "deeds"}, "a\n").code,
            kUsage);
  EXPECT_EQ(
      run({"verify", "-", "--lines", "--signature", "@" + at("absent"), "--key", "deeds"}, "a\n")
          .code,
      kUsage);
}

TEST_F(Cli, AVerdictThatIsNoneIsNotUnderstood) {
  for (const char* result : {R"({"valid":"true"})", R"({"valid":1})", "{}"}) {
    platform(R"({"results":[)" + std::string(result) + "]}");
    EXPECT_EQ(run({"verify", "-", "--lines", "--signature", "@" + write("signatures", "s"), "--key",
                   "deeds"},
                  "a\n")
                  .code,
              kFailed)
        << result;
  }
}

}  // namespace
}  // namespace quantumapi::cli
