/*
 * A preload library that flips one bit of one write, as a faulty disk or machine does: in the first write to a file whose
 * path ends with FLIP_SUFFIX that covers the offset FLIP_OFFSET. It appends a line to FLIP_LOG when it has.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t (*pwrite_function)(int, const void *, size_t, off64_t);

static atomic_flag flipped = ATOMIC_FLAG_INIT;

static int is_target(int fd) {
  const char *suffix = getenv("FLIP_SUFFIX");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (suffix == NULL || length < (ssize_t)strlen(suffix)) return 0;
  path[length] = 0;
  return strcmp(path + length - strlen(suffix), suffix) == 0;
}

static void report(void) {
  int log = open(getenv("FLIP_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (log < 0) return;
  if (write(log, "flipped\n", 8) < 0) abort();
  close(log);
}

static ssize_t flipping(const char *name, int fd, const void *bytes, size_t size, off64_t offset) {
  pwrite_function original = (pwrite_function)dlsym(RTLD_NEXT, name);
  off64_t at = atoll(getenv("FLIP_OFFSET")) - offset;
  if (at < 0 || at >= (off64_t)size || !is_target(fd) || atomic_flag_test_and_set(&flipped))
    return original(fd, bytes, size, offset);
  char *copy = malloc(size);
  memcpy(copy, bytes, size);
  copy[at] ^= 1;
  ssize_t written = original(fd, copy, size, offset);
  free(copy);
  report();
  return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  return flipping("pwrite", fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  return flipping("pwrite64", fd, bytes, size, offset);
}
