#include "server/unfinished.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "keyring/file.h"

namespace quantumapi::server {

Unfinished::Unfinished(const Config& config) : path_(config.data + "/init.unfinished") {}

bool Unfinished::stands() const { return std::filesystem::exists(path_); }

Status Unfinished::begin() const {
  const keyring::Descriptor file(
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open() || ::fsync(file.get()) != 0)
    return keyring::system_error(Code::kUnavailable, "cannot write", path_);
  return keyring::sync_directory(path_);
}

Status Unfinished::end() const {
  if (::unlink(path_.c_str()) != 0)
    return keyring::system_error(Code::kUnavailable, "cannot remove", path_);
  return keyring::sync_directory(path_);
}

std::unexpected<Error> initialised_already(const Config& config) {
  return fail(Code::kConflict, config.data +
                                   " is initialised already; nothing was changed. A new owner "
                                   "key is made by: quantumapid apikey create --data " +
                                   config.data);
}

}  // namespace quantumapi::server
