// Profile: address, roots and API key of the platform, kept for one person.
#pragma once

#include <optional>
#include <string>

#include "cli/outcome.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::cli {

// Profile is the one file of qapi that holds a key: JSON, mode 0600, at
// $XDG_CONFIG_HOME/quantumapi/profile or ~/.config/quantumapi/profile.
struct Profile {
  std::string url;
  std::string ca_file;
  sdk::SecretString api_key;
};

// profile_path is empty where there is no home.
std::string profile_path();

// state_path is where qapi remembers: $XDG_STATE_HOME/quantumapi/NAME or ~/.local/state/….
std::string state_path(const std::string& name);

// load_profile is nothing when the file is absent. It refuses a file that
// others may read or write, that belongs to somebody else, or that is a
// symbolic link; the message says how to repair it.
Try<std::optional<Profile>> load_profile(const std::string& path);

// save_profile writes the file anew, whole or not at all.
Try<void> save_profile(const std::string& path, const Profile& profile);

// make_private_folder makes the folders that a file at `path` is in, where they are missing, with
// mode 0700.
Try<void> make_private_folder(const std::string& path);

// write_private writes `content` to `path` by way of a new file beside it
// (mode 0600, synced), making missing folders with mode 0700.
Try<void> write_private(const std::string& path, std::string_view content);

}  // namespace quantumapi::cli
