#include "store/testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

namespace quantumapi::store::testing {
namespace {

namespace fs = std::filesystem;

// newest_binaries is Debian's folder of the newest installed server.
std::string newest_binaries() {
  std::string best;
  int best_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version <= best_version || !fs::exists(entry.path() / "bin/initdb")) continue;
    best_version = version;
    best = (entry.path() / "bin").string();
  }
  return best;
}

// place is where clusters are made. A disk that is told to sync takes most of the time of a test.
fs::path place() {
  constexpr std::uintmax_t kRoom = 1 << 30;
  const fs::path in_memory = "/dev/shm";
  std::error_code none;
  const fs::space_info space = fs::space(in_memory, none);
  return !none && space.available >= kRoom ? in_memory : fs::temp_directory_path();
}

int free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  (void)::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(listener);
  return ntohs(address.sin_port);
}

// spawn runs `command` as `uid`, its output in `log_path`. `end_with_us`: the
// kernel stops it when the calling thread ends.
pid_t spawn(const std::vector<std::string>& command, const std::string& log_path, uid_t uid,
            gid_t gid, bool end_with_us) {
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0))
    ::_exit(126);
  if (end_with_us) ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

}  // namespace

Result<std::unique_ptr<PostgresServer>> PostgresServer::create() {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  TRY(server->initialise());
  TRY(server->start());
  return server;
}

Result<PostgresServer*> PostgresServer::shared() {
  static const auto server = create();
  if (!server) return std::unexpected(server.error());
  return server->get();
}

Status PostgresServer::initialise() {
  binaries_ = newest_binaries();
  if (binaries_.empty())
    return fail(Code::kUnavailable,
                "PostgreSQL is not installed (package postgresql; ./dev installs it): its half of "
                "the store's promises can't be tested");
  uid_ = ::geteuid();
  gid_ = ::getegid();
  if (uid_ == 0) {  // initdb refuses root
    const passwd* postgres = ::getpwnam("postgres");
    if (postgres == nullptr) return fail(Code::kUnavailable, "there is no user postgres");
    uid_ = postgres->pw_uid;
    gid_ = postgres->pw_gid;
  }
  const passwd* owner = ::getpwuid(uid_);
  user_ = owner == nullptr ? "postgres" : owner->pw_name;
  std::string path = (place() / "quantumapi-pg-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return fail(Code::kUnavailable, "no temporary directory");
  directory_ = path;
  if (::geteuid() == 0 && ::chown(path.c_str(), uid_, gid_) != 0)
    return fail(Code::kUnavailable, "cannot give the cluster's directory away");
  const pid_t child = spawn({binaries_ + "/initdb", "-D", directory_ + "/data", "-A", "trust", "-U",
                             user_, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"},
                            directory_ + "/initdb.log", uid_, gid_, false);
  if (wait_for(child) != 0)
    return fail(Code::kUnavailable, "initdb failed, see " + directory_ + "/initdb.log");
  return {};
}

PostgresServer::~PostgresServer() {
  crash();
  std::error_code ignored;
  if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

Status PostgresServer::start() {
  if (port_ == 0) port_ = free_port();
  std::vector<std::string> command = {binaries_ + "/postgres",
                                      "-D",
                                      directory_ + "/data",
                                      "-k",
                                      directory_,
                                      "-h",
                                      "127.0.0.1",
                                      "-p",
                                      std::to_string(port_),
                                      "-c",
                                      "fsync=on",
                                      "-c",
                                      "max_wal_size=256MB",
                                      "-c",
                                      "max_connections=100"};
  // Recovery would sync each file of each test's database by itself.
  if (fs::path(binaries_).parent_path().filename() >= "14")
    command.insert(command.end(), {"-c", "recovery_init_sync_method=syncfs"});
  if (!setting_.empty()) command.insert(command.end(), {"-c", setting_});
  process_ = spawn(command, directory_ + "/log", uid_, gid_, true);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (run("postgres", "SELECT 1")) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fail(Code::kUnavailable, "PostgreSQL did not start, see " + directory_ + "/log");
}

void PostgresServer::stop() {
  if (process_ < 0) return;
  ::kill(process_, SIGINT);
  (void)wait_for(process_);
  process_ = -1;
}

void PostgresServer::crash() {
  if (process_ < 0) return;
  ::kill(process_, SIGQUIT);
  (void)wait_for(process_);
  process_ = -1;
}

Status PostgresServer::restart_with(std::string setting) {
  stop();
  setting_ = std::move(setting);
  return start();
}

std::string PostgresServer::url(std::string_view database) const {
  return fmt::format("postgres://{}@127.0.0.1:{}/{}", user_, port_, database);
}

Result<std::string> PostgresServer::new_database() {
  const std::string name = fmt::format("test_{}", ++databases_);
  TRY(run("postgres", "CREATE DATABASE " + name));
  return url(name);
}

Result<std::string> PostgresServer::run(std::string_view database, const std::string& sql) const {
  const std::unique_ptr<PGconn, CloseConnection> connection(PQconnectdb(url(database).c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK)
    return fail(Code::kUnavailable, PQerrorMessage(connection.get()));
  const std::unique_ptr<PGresult, ClearResult> result(PQexec(connection.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK) return std::string();
  if (status != PGRES_TUPLES_OK) return fail(Code::kInternal, PQresultErrorMessage(result.get()));
  if (PQntuples(result.get()) == 0) return std::string();
  return std::string(PQgetvalue(result.get(), 0, 0));
}

}  // namespace quantumapi::store::testing
