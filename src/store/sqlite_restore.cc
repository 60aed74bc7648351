#include "store/sqlite_restore.h"

#include <filesystem>

#include "store/directory_lock.h"
#include "store/migrator.h"
#include "store/sqlite_connection.h"

namespace quantumapi::store {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> unusable(const std::string& backup, const std::string& why) {
  return fail(Code::kInvalidArgument, backup + " " + why);
}

Status check_alone(const std::string& backup) {
  std::error_code none;
  if (!fs::is_regular_file(backup, none)) return unusable(backup, "is no file");
  const std::string log = backup + "-wal";
  if (fs::exists(log, none) && fs::file_size(log, none) > 0)
    return unusable(backup,
                    "is not whole: a write-ahead log lies beside it. Make a backup with "
                    "sqlite3 FILE \".backup COPY\"");
  return {};
}

// check_whole reads all of the copy.
Status check_whole(const std::string& copy, const std::string& backup) {
  static constexpr Statement kCheck{"store.quick_check", "PRAGMA quick_check(1)"};
  auto opened = SqliteConnection::open({copy, nullptr, false});
  if (!opened) return unusable(backup, "can't be opened: " + opened.error().message);
  const auto state = schema_state(**opened);
  if (!state) return unusable(backup, "can't be read: " + state.error().message);
  if (*state != SchemaState::kOurs) return unusable(backup, "is not the store of a platform");
  std::string found;
  const Status read = (*opened)->each(kCheck, {}, [&](const Row& row) -> Status {
    found = row.text(0);
    return {};
  });
  if (!read) return unusable(backup, "is damaged: " + read.error().message);
  if (found != "ok") return unusable(backup, "is damaged: " + found);
  return (*opened)->sync_file();
}

std::unexpected<Error> cannot(const std::string& what, const std::error_code& error) {
  return fail(Code::kUnavailable, "cannot " + what + ": " + error.message());
}

void remove_parts(const std::string& store) {
  std::error_code ignored;
  for (const char* part : {"", "-wal", "-shm"}) fs::remove(store + part, ignored);
}

// take_copy makes the copy, which is nobody else's to read.
Status take_copy(const std::string& directory, const std::string& backup, const std::string& copy) {
  std::error_code error;
  remove_parts(copy);
  TRY(make_private_file(directory, copy));
  fs::copy_file(backup, copy, fs::copy_options::overwrite_existing, error);
  if (error) return cannot("copy " + backup, error);
  fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) return cannot("restrict " + copy, error);
  return check_whole(copy, backup);
}

// replace puts the copy in the place of the store, whose log is not there any more.
Status replace(const std::string& directory, const std::string& store, const std::string& copy) {
  std::error_code error;
  fs::remove(store + "-shm", error);
  if (error) return cannot("remove " + store + "-shm", error);
  TRY(sync_directory(directory));
  fs::rename(copy, store, error);
  return error ? cannot("rename " + copy, error) : Status{};
}

}  // namespace

Status restore_sqlite(const std::string& directory, const std::string& backup) {
  std::error_code error;
  if (!fs::is_directory(directory, error))
    return fail(Code::kInvalidArgument, directory + " is no directory");
  TRY_ASSIGN(const DirectoryLock lock, DirectoryLock::take(directory));
  TRY(check_alone(backup));
  const std::string store = directory + "/quantumapi.db";
  const std::string copy = store + ".restored";
  if (const Status taken = take_copy(directory, backup, copy); !taken) {
    remove_parts(copy);
    return taken;
  }
  const std::string log = store + "-wal";
  const std::string aside = log + ".replaced";
  const bool logged = fs::exists(log, error);
  if (logged) fs::rename(log, aside, error);
  if (error) return cannot("rename " + log, error);
  if (const Status replaced = replace(directory, store, copy); !replaced) {
    if (logged) fs::rename(aside, log, error);  // without it the old store lacks its last commits
    remove_parts(copy);
    return replaced;
  }
  fs::remove(aside, error);  // one that a crash left, too
  if (error) return cannot("remove " + aside, error);
  return sync_directory(directory);
}

}  // namespace quantumapi::store
