#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "crypto/entropy.h"

namespace quantumapi::crypto {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "quantumapi-entropy-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// QrngServer is a UNIX stream socket that treats its clients, one after the
// other, as the functions say.
class QrngServer {
 public:
  using Treatment = std::function<void(int client)>;

  QrngServer(const std::string& path, std::vector<Treatment> treatments) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    thread_ = std::thread([this, treatments = std::move(treatments)] {
      for (const Treatment& treat : treatments) {
        const int client = accept(listener_, nullptr, nullptr);
        treat(client);
        close(client);
      }
    });
  }
  ~QrngServer() {
    thread_.join();
    close(listener_);
  }
  QrngServer(const QrngServer&) = delete;
  QrngServer& operator=(const QrngServer&) = delete;

 private:
  int listener_ = -1;
  std::thread thread_;
};

void send_octets(int client, std::size_t size, std::uint8_t value) {
  const Bytes octets(size, value);
  EXPECT_EQ(send(client, octets.data(), size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
}

// wait_for_close returns when the client has closed its side.
void wait_for_close(int client) {
  std::uint8_t octet = 0;
  while (recv(client, &octet, 1, 0) > 0) {
  }
}

TEST(OsSource, FillsWhatItIsGiven) {
  const auto source = make_os_source();
  EXPECT_EQ(source->name(), "os");
  EXPECT_FALSE(source->is_quantum());
  Bytes out(4096);
  ASSERT_TRUE(source->read(out));
  HealthTest test;
  EXPECT_TRUE(test.feed(out));
}

TEST(CpuSource, FillsAnyLengthWhereTheProcessorHasRdseed) {
  const auto source = make_cpu_source();
  if (!source) GTEST_SKIP() << "this processor has no RDSEED";
  EXPECT_EQ(source->name(), "cpu");
  EXPECT_FALSE(source->is_quantum());
  Bytes out(1027);
  ASSERT_TRUE(source->read(out));
  HealthTest test;
  EXPECT_TRUE(test.feed(out));
}

TEST(QrngSource, ReadsACharacterDevice) {
  const auto source = make_qrng_source("/dev/urandom");
  EXPECT_EQ(source->name(), "qrng");
  EXPECT_TRUE(source->is_quantum());
  Bytes out(2048);
  ASSERT_TRUE(source->read(out));
  HealthTest test;
  EXPECT_TRUE(test.feed(out));
}

TEST(QrngSource, ReadsAUnixSocketOverSeveralReadsOfOneConnection) {
  const Folder folder;
  const auto source = make_qrng_source(folder.file("qrng"));
  const QrngServer server(folder.file("qrng"), {[](int client) {
                            for (int i = 0; i < 4; ++i) send_octets(client, 50, 0x5a);
                          }});
  Bytes out(120);
  ASSERT_TRUE(source->read(out));
  EXPECT_EQ(out, Bytes(120, 0x5a));
  ASSERT_TRUE(source->read(MutableBytes(out).first(80)));
}

TEST(QrngSource, FailsWhenTheSocketBreaksOffAndConnectsAnewAfterwards) {
  const Folder folder;
  const auto source = make_qrng_source(folder.file("qrng"));
  const QrngServer server(folder.file("qrng"), {[](int client) { send_octets(client, 10, 1); },
                                                [](int client) { send_octets(client, 64, 2); }});
  Bytes out(64);
  const Status broken = source->read(out);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::kUnavailable);
  ASSERT_TRUE(source->read(out));
  EXPECT_EQ(out, Bytes(64, 2));
}

TEST(QrngSource, GivesUpOnASocketThatNeverAnswers) {
  const Folder folder;
  const auto source = make_qrng_source(folder.file("qrng"));
  const QrngServer server(folder.file("qrng"), {wait_for_close});
  Bytes out(1);
  const Status silent = source->read(out);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Code::kUnavailable);
}

TEST(QrngSource, RefusesPathsThatAreNoDeviceAndNoSocket) {
  const Folder folder;
  std::ofstream(folder.file("plain")) << std::string(1000, 'x');
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  for (const std::string& path : {folder.file("plain"), folder.file("fifo"), folder.file("absent"),
                                  folder.file("."), std::string("/dev/null"), std::string()}) {
    Bytes out(16);
    const Status refused = make_qrng_source(path)->read(out);
    ASSERT_FALSE(refused) << path;
    EXPECT_EQ(refused.error().code, Code::kUnavailable) << path;
  }
}

TEST(QrngSource, RefusesASocketNobodyListensOn) {
  const Folder folder;
  {
    const QrngServer gone(folder.file("qrng"), {});
  }
  Bytes out(16);
  EXPECT_FALSE(make_qrng_source(folder.file("qrng"))->read(out));
}

}  // namespace
}  // namespace quantumapi::crypto
