// A preload library for the test of unsynced writes. A killed process leaves
// the page cache whole, so kill -9 alone can't show a missing fsync. This keeps
// a second copy of every file below UNSYNCED_DIR in UNSYNCED_SHADOW that holds
// only what was synced: writes are noted, fsync and fdatasync copy the noted
// ranges. After a kill the test puts the copies in the files' place.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kFiles = 64 };

typedef struct {
  char path[PATH_MAX];
  off_t low;   // the noted range: everything written since the last sync
  off_t high;
} File;

static File files[kFiles];
static int file_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite)(int, const void*, size_t, off_t);
static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_writev)(int, const struct iovec*, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void find_real(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

// shadow_path maps a file below UNSYNCED_DIR to its copy; 0 for all others.
static int shadow_path(int fd, char* path, char* shadow) {
  const char* dir = getenv("UNSYNCED_DIR");
  const char* to = getenv("UNSYNCED_SHADOW");
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, PATH_MAX - 1);
  if (!dir || !to || n <= 0) return 0;
  path[n] = 0;
  const size_t length = strlen(dir);
  if (strncmp(path, dir, length) != 0 || path[length] != '/') return 0;
  return snprintf(shadow, PATH_MAX, "%s%s", to, path + length) < PATH_MAX;
}

static File* find(const char* path) {
  for (int i = 0; i < file_count; ++i)
    if (strcmp(files[i].path, path) == 0) return &files[i];
  if (file_count == kFiles) abort();
  File* file = &files[file_count++];
  strcpy(file->path, path);
  file->low = LLONG_MAX;
  file->high = 0;
  return file;
}

static void note(int fd, off_t offset, size_t size) {
  char path[PATH_MAX], shadow[PATH_MAX];
  const int saved = errno;
  if (shadow_path(fd, path, shadow)) {
    pthread_mutex_lock(&mutex);
    File* file = find(path);
    if (offset < file->low) file->low = offset;
    if (offset + (off_t)size > file->high) file->high = offset + (off_t)size;
    pthread_mutex_unlock(&mutex);
  }
  errno = saved;
}

static void copy_range(int from, int to, off_t low, off_t high) {
  char buffer[65536];
  while (low < high) {
    const size_t want = high - low < (off_t)sizeof buffer ? (size_t)(high - low) : sizeof buffer;
    const ssize_t got = pread(from, buffer, want, low);
    if (got <= 0) return;
    if (real_pwrite(to, buffer, (size_t)got, low) != got) abort();
    low += got;
  }
}

// synced brings the copy of `fd` to what the file holds now.
static void synced(int fd) {
  char path[PATH_MAX], shadow[PATH_MAX];
  const int saved = errno;
  struct stat now;
  if (shadow_path(fd, path, shadow) && fstat(fd, &now) == 0 && S_ISREG(now.st_mode)) {
    pthread_mutex_lock(&mutex);
    File* file = find(path);
    const int from = open(path, O_RDONLY | O_CLOEXEC);
    const int to = open(shadow, O_WRONLY | O_CREAT | O_CLOEXEC, now.st_mode & 0777);
    if (from < 0 || to < 0) abort();
    copy_range(from, to, file->low == LLONG_MAX ? 0 : file->low, file->high);
    if (real_ftruncate(to, now.st_size) != 0) abort();
    file->low = LLONG_MAX;
    file->high = 0;
    close(from);
    close(to);
    pthread_mutex_unlock(&mutex);
  }
  errno = saved;
}

ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) {
  const ssize_t done = real_pwrite(fd, data, size, offset);
  if (done > 0) note(fd, offset, (size_t)done);
  return done;
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}
ssize_t write(int fd, const void* data, size_t size) {
  const ssize_t done = real_write(fd, data, size);
  if (done > 0) note(fd, lseek(fd, 0, SEEK_CUR) - done, (size_t)done);
  return done;
}
ssize_t writev(int fd, const struct iovec* parts, int count) {
  const ssize_t done = real_writev(fd, parts, count);
  if (done > 0) note(fd, lseek(fd, 0, SEEK_CUR) - done, (size_t)done);
  return done;
}
int ftruncate64(int fd, off_t size) { return real_ftruncate(fd, size); }
int ftruncate(int fd, off_t size) { return real_ftruncate(fd, size); }
int fsync(int fd) {
  const int result = real_fsync(fd);
  if (result == 0) synced(fd);
  return result;
}
int fdatasync(int fd) {
  const int result = real_fdatasync(fd);
  if (result == 0) synced(fd);
  return result;
}
