// A preload library for the test of unsynced writes. A killed process leaves
// the page cache whole, so kill -9 alone can't show a missing fsync. This keeps
// in UNSYNCED_SHADOW what a power cut would leave of UNSYNCED_DIR: the file i<inode>
// holds the octets of a file that were synced (writes are noted, fsync and fdatasync copy
// the noted ranges), and "names" says which file stood under which name when its directory
// was synced last: a name that was made, changed or removed since is as it was before.
// After a kill the test puts them in place of what is there.
// UNSYNCED_KILL_AT kills the process behind its so many-th sync below UNSYNCED_DIR, of the files
// alone whose path ends with UNSYNCED_KILL_FILE, once the file UNSYNCED_KILL_WHEN exists.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kFiles = 64 };

typedef struct {
  ino_t inode;
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
static int (*real_unlink)(const char*);
static int (*real_rename)(const char*, const char*);

__attribute__((constructor)) static void find_real(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
}

// below gives the path of `fd` within UNSYNCED_DIR, "" for that itself; 0 for all others.
static const char* below(int fd, char* path) {
  const char* dir = getenv("UNSYNCED_DIR");
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, PATH_MAX - 1);
  if (!dir || !getenv("UNSYNCED_SHADOW") || n <= 0) return 0;
  path[n] = 0;
  const size_t length = strlen(dir);
  if (strncmp(path, dir, length) != 0) return 0;
  if (path[length] == 0) return path + length;
  return path[length] == '/' ? path + length + 1 : 0;
}

static void shadow_name(char* out, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int n = snprintf(out, PATH_MAX, "%s/", getenv("UNSYNCED_SHADOW"));
  vsnprintf(out + n, (size_t)(PATH_MAX - n), format, arguments);
  va_end(arguments);
}

static File* find(ino_t inode) {
  for (int i = 0; i < file_count; ++i)
    if (files[i].inode == inode) return &files[i];
  if (file_count == kFiles) abort();
  File* file = &files[file_count++];
  file->inode = inode;
  file->low = LLONG_MAX;
  file->high = 0;
  return file;
}

static void note(int fd, off_t offset, size_t size) {
  char path[PATH_MAX];
  struct stat now;
  const int saved = errno;
  if (below(fd, path) && fstat(fd, &now) == 0) {
    pthread_mutex_lock(&mutex);
    File* file = find(now.st_ino);
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

static void file_synced(int fd, const char* path, const struct stat* now) {
  char shadow[PATH_MAX];
  shadow_name(shadow, "i%llu", (unsigned long long)now->st_ino);
  File* file = find(now->st_ino);
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  const int from = open(self, O_RDONLY | O_CLOEXEC);
  const int to = open(shadow, O_WRONLY | O_CREAT | O_CLOEXEC, now->st_mode & 0777);
  if (from < 0 || to < 0) {
    perror(path);
    abort();
  }
  copy_range(from, to, file->low == LLONG_MAX ? 0 : file->low, file->high);
  if (real_ftruncate(to, now->st_size) != 0) abort();
  file->low = LLONG_MAX;
  file->high = 0;
  close(from);
  close(to);
}

// rewrite_names copies "names", each line by `keep` changed or left out, and adds `more`'s.
static void rewrite_names(int (*keep)(const char* name, char* content, const void* with),
                          const void* with, void (*more)(FILE* out, const void* with)) {
  char names[PATH_MAX], made[PATH_MAX], name[PATH_MAX], content[256];
  shadow_name(names, "names");
  shadow_name(made, "names.new");
  FILE* out = fopen(made, "w");
  if (!out) abort();
  FILE* in = fopen(names, "r");
  while (in && fscanf(in, "%255s %4000s\n", content, name) == 2)
    if (keep(name, content, with)) fprintf(out, "%s %s\n", content, name);
  if (in) fclose(in);
  if (more) more(out, with);
  fclose(out);
  if (real_rename(made, names) != 0) abort();
}

static int is_elsewhere(const char* name, char* content, const void* directory) {
  (void)content;
  const char* slash = strrchr(name, '/');
  const size_t length = slash ? (size_t)(slash - name) : 0;
  return strlen(directory) != length || strncmp(name, directory, length) != 0;
}

static void add_entries(FILE* out, const void* directory) {
  const char* within = directory;
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", getenv("UNSYNCED_DIR"), within);
  DIR* all = opendir(path);
  if (!all) abort();
  for (const struct dirent* one; (one = readdir(all));)
    if (one->d_type == DT_REG)
      fprintf(out, "i%llu %s%s%s\n", (unsigned long long)one->d_ino, within, *within ? "/" : "",
              one->d_name);
  closedir(all);
}

// synced brings the copy of `fd` to what the file, or the directory, holds now.
static void synced(int fd) {
  char path[PATH_MAX];
  const int saved = errno;
  struct stat now;
  const char* within = below(fd, path);
  if (within && fstat(fd, &now) == 0) {
    pthread_mutex_lock(&mutex);
    if (S_ISREG(now.st_mode)) file_synced(fd, path, &now);
    if (S_ISDIR(now.st_mode)) rewrite_names(is_elsewhere, within, add_entries);
    pthread_mutex_unlock(&mutex);
  }
  errno = saved;
}

static int renumber(const char* name, char* content, const void* gone) {
  (void)name;
  char freed[64];
  const struct stat* file = gone;
  snprintf(freed, sizeof freed, "i%llu", (unsigned long long)file->st_ino);
  if (strcmp(content, freed) == 0)
    snprintf(content, 256, "gone-%d-%llu-%ld", (int)getpid(), (unsigned long long)file->st_ino,
             file->st_ctim.tv_nsec);
  return 1;
}

// freed puts what was synced of a file aside: another one may get its number.
static void freed(const struct stat* file) {
  char old[PATH_MAX], aside[PATH_MAX], content[256];
  snprintf(content, sizeof content, "i%llu", (unsigned long long)file->st_ino);
  shadow_name(old, "%s", content);
  pthread_mutex_lock(&mutex);
  find(file->st_ino)->low = LLONG_MAX;
  find(file->st_ino)->high = 0;
  rewrite_names(renumber, file, NULL);
  renumber("", content, file);
  shadow_name(aside, "%s", content);
  real_rename(old, aside);
  pthread_mutex_unlock(&mutex);
}

static int lies_below(const char* path, struct stat* file) {
  const char* dir = getenv("UNSYNCED_DIR");
  return dir && getenv("UNSYNCED_SHADOW") && strncmp(path, dir, strlen(dir)) == 0 &&
         lstat(path, file) == 0 && S_ISREG(file->st_mode);
}

int unlink(const char* path) {
  struct stat file;
  const int ours = lies_below(path, &file);
  const int result = real_unlink(path);
  const int saved = errno;
  if (result == 0 && ours) freed(&file);
  errno = saved;
  return result;
}
int rename(const char* from, const char* to) {
  struct stat file;
  const int ours = lies_below(to, &file);
  const int result = real_rename(from, to);
  const int saved = errno;
  if (result == 0 && ours) freed(&file);
  errno = saved;
  return result;
}

static void maybe_die(int fd) {
  static int syncs;
  const char* at = getenv("UNSYNCED_KILL_AT");
  const char* ending = getenv("UNSYNCED_KILL_FILE");
  const char* when = getenv("UNSYNCED_KILL_WHEN");
  char path[PATH_MAX];
  if (!at || !below(fd, path)) return;
  const size_t length = strlen(path), end = ending ? strlen(ending) : 0;
  if (end > length || (end && strcmp(path + length - end, ending) != 0)) return;
  if (when && access(when, F_OK) != 0) return;
  if (__atomic_add_fetch(&syncs, 1, __ATOMIC_SEQ_CST) == atoi(at)) kill(getpid(), SIGKILL);
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
  maybe_die(fd);
  return result;
}
int fdatasync(int fd) {
  const int result = real_fdatasync(fd);
  if (result == 0) synced(fd);
  maybe_die(fd);
  return result;
}
