#include "store/testing/faulty_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace quantumapi::store::testing {
namespace {

std::atomic<int> write_code = SQLITE_OK;
std::atomic<int> writes_left = 0;
std::atomic<int> sync_code = SQLITE_OK;
std::atomic<int> file_sync_code = SQLITE_OK;
std::atomic<int> refused = 0;
std::function<void(bool)> sync_begins;

// File stands before the real file in the memory that SQLite gives.
struct File {
  sqlite3_file base;
  bool is_log;
  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
static_assert(sizeof(File) % alignof(std::max_align_t) == 0);

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }
bool is_log(sqlite3_file* file) { return reinterpret_cast<File*>(file)->is_log; }
const sqlite3_io_methods* of(sqlite3_file* file) { return real(file)->pMethods; }

int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
  const int code = write_code.load();
  if (is_log(f) && code != SQLITE_OK && writes_left.fetch_sub(1) <= 0) {
    ++refused;
    return code;
  }
  return of(f)->xWrite(real(f), data, size, at);
}

int sync(sqlite3_file* f, int flags) {
  if (sync_begins) sync_begins(is_log(f));
  const int code = is_log(f) ? sync_code.load() : file_sync_code.load();
  if (code != SQLITE_OK) {
    ++refused;
    return code;
  }
  return of(f)->xSync(real(f), flags);
}

int close(sqlite3_file* f) { return of(f)->xClose(real(f)); }
int read(sqlite3_file* f, void* data, int size, sqlite3_int64 at) {
  return of(f)->xRead(real(f), data, size, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) { return of(f)->xTruncate(real(f), size); }
int file_size(sqlite3_file* f, sqlite3_int64* size) { return of(f)->xFileSize(real(f), size); }
int lock(sqlite3_file* f, int level) { return of(f)->xLock(real(f), level); }
int unlock(sqlite3_file* f, int level) { return of(f)->xUnlock(real(f), level); }
int reserved(sqlite3_file* f, int* out) { return of(f)->xCheckReservedLock(real(f), out); }
int control(sqlite3_file* f, int op, void* arg) { return of(f)->xFileControl(real(f), op, arg); }
int sector_size(sqlite3_file* f) { return of(f)->xSectorSize(real(f)); }
int traits(sqlite3_file* f) { return of(f)->xDeviceCharacteristics(real(f)); }
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return of(f)->xShmMap(real(f), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return of(f)->xShmLock(real(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) { of(f)->xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return of(f)->xShmUnmap(real(f), remove); }

constexpr sqlite3_io_methods kMethods = {2,           close,       read,    write,   truncate,
                                         sync,        file_size,   lock,    unlock,  reserved,
                                         control,     sector_size, traits,  shm_map, shm_lock,
                                         shm_barrier, shm_unmap,   nullptr, nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  auto* original = static_cast<sqlite3_vfs*>(vfs->pAppData);
  auto* file = reinterpret_cast<File*>(f);
  file->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  file->base.pMethods = nullptr;
  const int code = original->xOpen(original, name, file->real(), flags, out_flags);
  if (file->real()->pMethods != nullptr) file->base.pMethods = &kMethods;
  return code;
}

}  // namespace

const char* FaultyDisk::name() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* original = sqlite3_vfs_find(nullptr);
    sqlite3_vfs made = *original;  // all that is not about open files stays as it is
    made.pNext = nullptr;
    made.zName = "faulty_disk";
    made.szOsFile = static_cast<int>(sizeof(File)) + original->szOsFile;
    made.pAppData = original;
    made.xOpen = open;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs.zName : nullptr;
}

void FaultyDisk::fail_writes(int code, int count) {
  writes_left = count;
  write_code = code;
}
void FaultyDisk::fail_syncs(int code) { sync_code = code; }
void FaultyDisk::fail_file_syncs(int code) { file_sync_code = code; }
void FaultyDisk::at_syncs(std::function<void(bool)> call) { sync_begins = std::move(call); }
void FaultyDisk::mend() {
  write_code = SQLITE_OK;
  sync_code = SQLITE_OK;
  file_sync_code = SQLITE_OK;
  refused = 0;
}
int FaultyDisk::failed() { return refused; }

}  // namespace quantumapi::store::testing
