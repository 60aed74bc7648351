// CuttingProxy: stands between libpq and the server and cuts a connection at its COMMIT.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace quantumapi::store::testing {

// CuttingProxy forwards to 127.0.0.1:port. Plain protocol only (no TLS).
class CuttingProxy {
 public:
  enum class Cut {
    kNone,
    kBeforeCommit,  // the server never sees the COMMIT
    kAfterCommit,   // the server commits and its answer is lost
  };

  explicit CuttingProxy(int server_port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  [[nodiscard]] int port() const { return port_; }
  // cut_next does it to the next COMMIT, once.
  void cut_next(Cut cut) { cut_ = cut; }
  [[nodiscard]] int cuts() const { return cuts_; }

 private:
  void accept_loop();
  void forward(int client);

  int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<Cut> cut_ = Cut::kNone;
  std::atomic<int> cuts_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace quantumapi::store::testing
