// Everything that could lead out of /box or change the read-only /ro. argv[1] is the name of the scratch folder on the host.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void leaving(const char* host) {
  CHECK(open("/etc/passwd", O_RDONLY) == -1);  // no granted directory has that name: the C library says so, each version its way
  FAILS(open("/box/../etc/passwd", O_RDONLY), EPERM);
  FAILS(open("/box/../../../../etc/passwd", O_RDONLY), EPERM);
  int box = open("/box", O_RDONLY | O_DIRECTORY);
  CHECK(box >= 0);
  FAILS(openat(box, "..", O_RDONLY), EPERM);
  FAILS(symlink("/etc", "/box/abs"), EPERM);
  FAILS(symlink(host, "/box/abs"), EPERM);
  CHECK(symlink("../../../../../../../etc", "/box/up") == 0);
  FAILS(open("/box/up/passwd", O_RDONLY), EPERM);
  FAILS(open("/box/up", O_RDONLY | O_DIRECTORY), EPERM);
  struct stat status;
  FAILS(stat("/box/up", &status), EPERM);
  CHECK(lstat("/box/up", &status) == 0);
  FAILS(mkdir("/box/up/new", 0777), EPERM);
  FAILS(rename("/box/up/passwd", "/box/mine"), EPERM);
  FAILS(link("/box/up/passwd", "/box/mine"), EPERM);
  FAILS(unlink("/box/up/passwd"), EPERM);
  puts("leaving: denied");
}

static void changing(void) {
  char byte;
  int fd = open("/ro/seed", O_RDONLY);
  CHECK(fd >= 0 && read(fd, &byte, 1) == 1);
  FAILS(open("/ro/seed", O_RDWR), EROFS);
  FAILS(open("/ro/seed", O_WRONLY | O_TRUNC), EROFS);
  FAILS(open("/ro/new", O_WRONLY | O_CREAT, 0666), EROFS);
  FAILS(mkdir("/ro/new", 0777), EROFS);
  FAILS(unlink("/ro/seed"), EROFS);
  FAILS(rename("/ro/seed", "/ro/x"), EROFS);
  FAILS(rename("/ro/seed", "/box/x"), EROFS);
  FAILS(link("/ro/seed", "/box/x"), EROFS);
  FAILS(symlink("seed", "/ro/x"), EROFS);
  FAILS(utimensat(AT_FDCWD, "/ro/seed", NULL, 0), EROFS);
  puts("changing: denied");
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  leaving(argv[1]);
  changing();
  return 0;
}
