// Nobody reads standard output any more: EPIPE, again and again, and life goes on. Reports on standard error.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  static char block[100000];
  for (int i = 0; i < 3; ++i) {
    ssize_t written = write(1, i == 2 ? block : "x", i == 2 ? sizeof block : 1);
    fprintf(stderr, "write: %zd, %s\n", written, written < 0 && errno == EPIPE ? "EPIPE" : "not EPIPE");
  }
  printf("lost");
  fprintf(stderr, "flush: %s\n", fflush(stdout) == EOF && errno == EPIPE ? "EPIPE" : "not EPIPE");
  return 5;
}
