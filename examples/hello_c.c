// Arguments, environment and the exit code through wasi-libc: prints them and exits with the number of arguments.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  printf("Hello from C!\n");
  for (int i = 1; i < argc; ++i) printf("argument %d: %s\n", i, argv[i]);
  const char* name = getenv("NAME");
  printf("NAME=%s\n", name ? name : "(unset)");
  return argc - 1;
}
