// Opens, lists and looks at things through names that the host swaps meanwhile for links to the outside, until the host makes
// /box/stop. Everything inside says "inside"; whatever else is read is a way out. Run by race.py.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long inside, denied;
static int leaks;

static void note(int fd, const char* path) {
  if (fd < 0) {
    ++denied;
    return;
  }
  char text[16] = {0};
  ssize_t count = read(fd, text, sizeof text - 1);
  close(fd);
  if (count == 6 && strcmp(text, "inside") == 0) {
    ++inside;
  } else {
    ++leaks;
    printf("LEAK through %s: '%s'\n", path, text);
  }
}

int main(void) {
  static const char* kFiles[] = {"/box/swap/secret", "/box/swapfile", "/box/deep/er/../../swap/secret", "/box/swap/../swap/secret"};
  struct stat own, status;
  if (stat("/box/mark", &own) != 0) return 2;
  for (long round = 0;; ++round) {
    if (round % 64 == 0 && access("/box/stop", F_OK) == 0) break;
    for (unsigned i = 0; i < sizeof kFiles / sizeof *kFiles; ++i) note(open(kFiles[i], O_RDONLY), kFiles[i]);
    // Files outside are longer than any inside.
    if (stat("/box/swap/secret", &status) == 0 && status.st_size != 6) ++leaks, puts("LEAK: stat");
    int dir = open("/box/swap", O_RDONLY | O_DIRECTORY);
    if (dir >= 0) {
      note(openat(dir, "secret", O_RDONLY), "an opened directory");
      if (faccessat(dir, "outside-only", F_OK, 0) == 0) ++leaks, puts("LEAK: an opened directory");
      close(dir);
    }
    int made = open("/box/swap/made", O_WRONLY | O_CREAT, 0666);
    if (made >= 0) close(made);
    unlink("/box/swap/made");
    mkdir("/box/swap/dir", 0777);
    rmdir("/box/swap/dir");
    link("/box/mark", "/box/swap/hard");
    unlink("/box/swap/hard");
    if (rename("/box/swap/outside-only", "/box/stolen") == 0) ++leaks, puts("LEAK: rename");
    if (unlink("/box/swap/outside-only") == 0) ++leaks, puts("LEAK: unlink");
    if (leaks > 10) break;
  }
  printf("%ld inside, %ld denied, %d leaks\n", inside, denied, leaks);
  return leaks ? 1 : 0;
}
