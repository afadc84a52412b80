// Files through the C library: what a POSIX program expects of them. The scratch folder is /box.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

static void reading_and_writing(void) {
  int fd = open("/box/file", O_RDWR | O_CREAT | O_EXCL, 0666);
  CHECK(fd > 2);
  CHECK(write(fd, "0123456789", 10) == 10);
  CHECK(lseek(fd, 0, SEEK_CUR) == 10);
  CHECK(lseek(fd, 2, SEEK_SET) == 2);
  char buffer[16] = {0};
  CHECK(read(fd, buffer, 3) == 3 && memcmp(buffer, "234", 3) == 0);
  CHECK(pread(fd, buffer, 2, 8) == 2 && memcmp(buffer, "89", 2) == 0);
  CHECK(pwrite(fd, "XY", 2, 0) == 2);
  CHECK(lseek(fd, 0, SEEK_CUR) == 5);
  struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
  CHECK(writev(fd, parts, 2) == 4);
  CHECK(lseek(fd, 0, SEEK_END) == 10);
  CHECK(ftruncate(fd, 4) == 0);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_size == 4 && S_ISREG(status.st_mode));
  CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
  CHECK(close(fd) == 0);
  FAILS(close(fd), EBADF);
  FAILS(open("/box/file", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
  FAILS(open("/box/missing", O_RDONLY), ENOENT);
  puts("reading and writing: ok");
}

static void access_modes(void) {
  int fd = open("/box/file", O_RDONLY);
  FAILS(write(fd, "x", 1), EBADF);
  close(fd);
  fd = open("/box/file", O_WRONLY);
  char byte;
  FAILS(read(fd, &byte, 1), EBADF);
  close(fd);
  FAILS(open("/box", O_RDWR), EISDIR);
  puts("access modes: ok");
}

static void appending(void) {
  int fd = open("/box/log", O_WRONLY | O_CREAT | O_APPEND, 0666);
  CHECK(write(fd, "one\n", 4) == 4);
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  CHECK(write(fd, "two\n", 4) == 4);
  CHECK((fcntl(fd, F_GETFL) & O_APPEND) != 0);
  CHECK(fcntl(fd, F_SETFL, 0) == 0);
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  CHECK(write(fd, "ONE", 3) == 3);
  close(fd);
  FILE* file = fopen("/box/log", "r");
  char text[16] = {0};
  CHECK(fread(text, 1, sizeof text, file) == 8 && strcmp(text, "ONE\ntwo\n") == 0);
  fclose(file);
  puts("appending: ok");
}

static void times(void) {
  struct timespec set[2] = {{1000, 5}, {2000, 7}};
  CHECK(utimensat(AT_FDCWD, "/box/file", set, 0) == 0);
  struct stat status;
  CHECK(stat("/box/file", &status) == 0);
  CHECK(status.st_atim.tv_sec == 1000 && status.st_atim.tv_nsec == 5);
  CHECK(status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 7);
  puts("times: ok");
}

static void a_large_file(void) {
  FILE* file = fopen("/box/large", "wb");
  CHECK(file != NULL);
  static char block[65536];
  for (int i = 0; i < 64; ++i) {
    memset(block, i, sizeof block);
    CHECK(fwrite(block, 1, sizeof block, file) == sizeof block);
  }
  CHECK(fclose(file) == 0);
  file = fopen("/box/large", "rb");
  CHECK(fseek(file, 40 * 65536L + 5, SEEK_SET) == 0);
  CHECK(fgetc(file) == 40);
  CHECK(fseek(file, -1, SEEK_END) == 0);
  CHECK(fgetc(file) == 63);
  CHECK(fgetc(file) == EOF && feof(file));
  fclose(file);
  CHECK(unlink("/box/large") == 0);
  FAILS(unlink("/box/large"), ENOENT);
  puts("a large file: ok");
}

int main(void) {
  reading_and_writing();
  access_modes();
  appending();
  times();
  a_large_file();
  return 0;
}
