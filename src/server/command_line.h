// CommandLine: the commands and options of quantumapid, as CLI11 is told them.
#pragma once

#include <memory>

#include "server/config.h"

namespace CLI {
class App;
}

namespace quantumapi::server {

// CommandLine writes what it parses into the Config it was made for, which must outlive it.
struct CommandLine {
  explicit CommandLine(Config& config);
  ~CommandLine();

  std::unique_ptr<CLI::App> app;
  CLI::App* init;  // app's, as all that follow
  CLI::App* serve;
  CLI::App* api_key;
  CLI::App* tenant;
  CLI::App* audit;
  CLI::App* accept_hole;
  CLI::App* restore;
  CLI::App* check;
};

}  // namespace quantumapi::server
