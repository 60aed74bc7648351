// PostgresServer: a private PostgreSQL cluster for the tests of one program.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::store::testing {

// PostgresServer owns a cluster in a temporary directory (fsync on, local
// connections only), in memory where there is room: what a test stores outlives its
// server's crash, and no machine's. The server ends with the thread that started it,
// so use it from the main thread of a test.
class PostgresServer {
 public:
  // create makes and starts a cluster. kUnavailable says what is missing.
  static Result<std::unique_ptr<PostgresServer>> create();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // shared is the cluster of this test program, made when first asked for.
  static Result<PostgresServer*> shared();

  Status start();  // waits until it answers
  void stop();     // fast shutdown: connections are broken, everything is written
  void crash();    // immediate shutdown: recovers from the log at the next start
  // restart_with starts it with one more setting, "fsync=off"; empty: none.
  Status restart_with(std::string setting);

  // new_database makes an empty one and gives its URL over 127.0.0.1.
  Result<std::string> new_database();
  [[nodiscard]] std::string url(std::string_view database) const;
  [[nodiscard]] int port() const { return port_; }
  // run executes SQL as the superuser and gives the first value of the last result.
  Result<std::string> run(std::string_view database, const std::string& sql) const;

 private:
  PostgresServer() = default;
  Status initialise();

  std::string directory_;
  std::string binaries_;
  std::string user_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  int port_ = 0;
  std::string setting_;
  pid_t process_ = -1;
  int databases_ = 0;
};

}  // namespace quantumapi::store::testing
