#include "server/config_paths.h"

#include <unistd.h>

#include <filesystem>

namespace quantumapi::server {
namespace {

namespace fs = std::filesystem;

// directory_fault: of one in which files are made; an empty path is the working directory.
std::string directory_fault(const fs::path& path) {
  const fs::path directory = path.empty() ? fs::path(".") : path;
  std::error_code none;
  if (!fs::exists(directory, none)) return directory.string() + ": there is no such directory";
  if (!fs::is_directory(directory, none)) return directory.string() + ": is not a directory";
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return directory.string() + ": this user can't write there";
  return {};
}

// file_fault: of one that is written, and made where it is not there yet.
std::string file_fault(const fs::path& path) {
  std::error_code none;
  if (fs::is_directory(path, none)) return path.string() + ": is a directory";
  if (!fs::exists(path, none)) return directory_fault(path.parent_path());
  return ::access(path.c_str(), W_OK) == 0 ? "" : path.string() + ": this user can't write it";
}

std::string seal_fault(const fs::path& path) {
  std::error_code none;
  if (fs::is_directory(path, none)) return path.string() + ": is a directory";
  if (!fs::exists(path, none))
    return path.string() + ": there is no such file (quantumapid init makes it)";
  return ::access(path.c_str(), R_OK) == 0 ? "" : path.string() + ": this user can't read it";
}

std::string data_fault(const Config& config) {
  std::error_code none;
  const std::string fault = directory_fault(config.data);
  return fs::exists(config.data, none) ? fault : fault + " (quantumapid init makes it)";
}

std::string seal_file_fault(const Config& config) {
  return config.seal_file == config.data + "/root.seal" ? "" : seal_fault(config.seal_file);
}

std::string checkpoint_fault(const Config& config) {
  return config.checkpoint_file.empty() ? "" : file_fault(config.checkpoint_file);
}

struct PathOption {
  std::string_view name;
  std::string (*fault)(const Config&);
};
constexpr PathOption kPathOptions[] = {
    {"data", data_fault},
    {"seal-file", seal_file_fault},
    {"key-journal", [](const Config& config) { return file_fault(config.key_journal); }},
    {"audit-checkpoint-file", checkpoint_fault},
};

}  // namespace

std::string missing_path(const Config& config, std::string_view option) {
  for (const PathOption& one : kPathOptions) {
    if (!option.empty() && option != one.name) continue;
    const std::string fault = one.fault(config);
    if (!fault.empty()) return "--" + std::string(one.name) + ": " + fault;
  }
  return {};
}

}  // namespace quantumapi::server
