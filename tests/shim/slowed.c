// A preload library that makes a disk slow: while the file SLOWED_WHILE exists, each sync takes as
// many milliseconds more as its text says. A disk that others keep busy does that.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_as_told(void) {
  const char* path = getenv("SLOWED_WHILE");
  FILE* file = path == NULL ? NULL : fopen(path, "re");
  if (file == NULL) return;
  unsigned milliseconds = 0;
  if (fscanf(file, "%u", &milliseconds) == 1) usleep(milliseconds * 1000);
  fclose(file);
}

int fsync(int fd) {
  int (*const real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_as_told();
  return real(fd);
}

int fdatasync(int fd) {
  int (*const real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_as_told();
  return real(fd);
}
