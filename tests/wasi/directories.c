// Directories, links and names through the C library. The scratch folder is /box.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void touch(const char* path) {
  int fd = open(path, O_WRONLY | O_CREAT, 0666);
  CHECK(fd >= 0);
  close(fd);
}

static int count(const char* path) {
  DIR* dir = opendir(path);
  CHECK(dir != NULL);
  int entries = 0;
  while (readdir(dir)) ++entries;
  closedir(dir);
  return entries;
}

static void listing(void) {
  CHECK(mkdir("/box/many", 0777) == 0);
  char name[64];
  for (int i = 0; i < 500; ++i) {
    snprintf(name, sizeof name, "/box/many/entry-with-a-rather-long-name-%d", i);
    touch(name);
  }
  CHECK(count("/box/many") == 502);
  // Emptied while it is read.
  DIR* dir = opendir("/box/many");
  struct dirent* entry;
  int removed = 0;
  while ((entry = readdir(dir))) {
    if (entry->d_name[0] == '.') continue;
    CHECK(entry->d_type == DT_REG);
    CHECK(unlinkat(dirfd(dir), entry->d_name, 0) == 0);
    ++removed;
  }
  closedir(dir);
  CHECK(removed == 500);
  CHECK(count("/box/many") == 2);
  CHECK(rmdir("/box/many") == 0);
  CHECK(opendir("/box/many") == NULL && errno == ENOENT);
  puts("listing: ok");
}

static void making_and_removing(void) {
  CHECK(mkdir("/box/a", 0777) == 0 && mkdir("/box/a/b", 0777) == 0);
  FAILS(mkdir("/box/a", 0777), EEXIST);
  FAILS(mkdir("/box/x/y", 0777), ENOENT);
  FAILS(rmdir("/box/a"), ENOTEMPTY);
  touch("/box/a/file");
  FAILS(rmdir("/box/a/file"), ENOTDIR);
  FAILS(unlink("/box/a/b"), EISDIR);
  FAILS(unlink("/box/a/file/"), ENOTDIR);
  FAILS(open("/box/a/file/x", O_RDONLY), ENOTDIR);
  CHECK(rmdir("/box/a/b/") == 0);
  puts("making and removing: ok");
}

static void renaming(void) {
  CHECK(mkdir("/box/d1", 0777) == 0 && mkdir("/box/d2", 0777) == 0);
  touch("/box/d1/f");
  CHECK(rename("/box/d1/f", "/box/d2/g") == 0);
  CHECK(access("/box/d2/g", F_OK) == 0);
  FAILS(access("/box/d1/f", F_OK), ENOENT);
  FAILS(rename("/box/d1", "/box/d2"), ENOTEMPTY);
  FAILS(rename("/box/d2/g", "/box/d1"), EISDIR);
  FAILS(rename("/box/d1", "/box/d2/g"), ENOTDIR);
  FAILS(rename("/box/d2", "/box/d2/inside"), EINVAL);
  FAILS(rename("/box/missing", "/box/x"), ENOENT);
  CHECK(rename("/box/d2", "/box/d1") == 0);
  CHECK(access("/box/d1/g", F_OK) == 0);
  puts("renaming: ok");
}

static void links(void) {
  FILE* file = fopen("/box/target", "w");
  fputs("target", file);
  fclose(file);
  CHECK(symlink("target", "/box/soft") == 0);
  char text[16] = {0};
  CHECK(readlink("/box/soft", text, sizeof text) == 6 && strcmp(text, "target") == 0);
  CHECK(readlink("/box/soft", text, 3) == 3);
  FAILS(readlink("/box/target", text, sizeof text), EINVAL);
  struct stat status;
  CHECK(stat("/box/soft", &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 6);
  CHECK(lstat("/box/soft", &status) == 0 && S_ISLNK(status.st_mode));
  CHECK(link("/box/target", "/box/hard") == 0);
  CHECK(stat("/box/hard", &status) == 0 && status.st_nlink == 2);
  FAILS(link("/box/target", "/box/hard"), EEXIST);
  FAILS(symlink("x", "/box/hard"), EEXIST);
  CHECK(symlink("loop", "/box/loop") == 0);
  FAILS(open("/box/loop", O_RDONLY), ELOOP);
  FAILS(open("/box/soft", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK(unlink("/box/soft") == 0 && access("/box/target", F_OK) == 0);
  puts("links: ok");
}

int main(void) {
  listing();
  making_and_removing();
  renaming();
  links();
  return 0;
}
