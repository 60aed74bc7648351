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

}  // namespace

std::string missing_path(const Config& config) {
  if (std::string fault = directory_fault(config.data); !fault.empty())
    return "--data: " + fault + (fault.contains("no such") ? " (quantumapid init makes it)" : "");
  if (config.seal_file != config.data + "/root.seal")
    if (const std::string fault = seal_fault(config.seal_file); !fault.empty())
      return "--seal-file: " + fault;
  if (const std::string fault = file_fault(config.key_journal); !fault.empty())
    return "--key-journal: " + fault;
  if (config.checkpoint_file.empty()) return {};
  const std::string fault = file_fault(config.checkpoint_file);
  return fault.empty() ? "" : "--audit-checkpoint-file: " + fault;
}

}  // namespace quantumapi::server
