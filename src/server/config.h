// Config: the options of quantumapid, from flags, QUANTUMAPID_* variables and a TOML file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "server/endpoint.h"

namespace quantumapi::server {

// TlsFiles is an operator's certificate chain and key; any at all replace all self-made ones.
struct TlsFiles {
  std::string chain;
  std::string key;
};

struct Config {
  enum class Command : std::uint8_t {
    kInit,
    kServe,
    kCreateApiKey,
    kCreateTenant,
    kShowHole,
    kAcceptHole,
    kRestore,
    kCheck,
    kExit
  };
  Command command = Command::kExit;
  int exit_code = 0;                // for kExit: --help and command lines that can't be used
  std::vector<std::string> faults;  // what makes them unusable, with its place in the file

  std::string file;                 // --config; empty: none
  std::string data;                 // directory: store, seal, journal, ca.pem
  std::string database;             // "postgres://…"; empty: SQLite in `data`
  std::string key_journal;          // file; required with `database`
  bool accept_key_journal = false;  // one that lacks what the store has seen of it
  std::string seal_file;            // default: data/root.seal

  // init, apikey and tenant
  bool json = false;
  std::string tenant;  // its name; empty: "default" for init, the first tenant for apikey
  std::string environment = "Development";
  bool server_keys = false;        // its policy of certificates lets POST /pki/issue make keys
  std::vector<std::string> hosts;  // further names of the self-made certificates
  std::string api_key_name = "owner";

  std::string backup;  // restore: the file that becomes the store

  // audit accept-hole: as audit hole shows it
  struct Hole {
    std::string stream;
    std::int64_t expected = 0;
    std::int64_t found = 0;
    std::string reason;
  };
  Hole hole;

  // serve
  std::vector<Endpoint> listen;
  std::vector<Endpoint> listen_plain;
  std::vector<TlsFiles> tls;
  int io_threads = 0;  // 0: one a core
  int worker_threads = 32;
  int drain_seconds = 10;
  LogLevel log_level = LogLevel::kInfo;
  std::string checkpoint_file;
  std::string checkpoint_url;
  int audit_retention_days = 0;                    // 0: audit events are kept for good
  std::int64_t audit_platform_events = 1'000'000;  // that the platform's own log keeps; 0: all
  std::string public_url;             // where clients reach the platform; empty: not stated
  int certificate_min_seconds = 300;  // the shortest lifetime of a certificate
  std::string qrng;
  bool require_quantum = false;
  std::int64_t entropy_quota_mb = 0;  // of each tenant, a month; 0: none
};

// parse_command_line answers what to do: a flag wins over its variable, a
// variable over the file; an empty variable is as none. Help and usage errors are printed here and
// come back as kExit with their code (0, 2).
Config parse_command_line(int argc, char** argv);

// find_faults lists all that is wrong with the options that `serve` would have
// from this file and the environment, each with its place, in the order of the file.
std::vector<std::string> find_faults(const std::string& file);

// empty_variables names those of `serve` and `init` that are set and empty, and so give nothing.
std::vector<std::string> empty_variables();

}  // namespace quantumapi::server
