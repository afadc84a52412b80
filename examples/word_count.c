// Word count over a directory, as `wc DIR/*`: lines, words and bytes of every regular file, in order of name, and their sums.
//   arris run --dir /texts:examples/word_count_data word_count.wasm /texts
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { kMaxFiles = 256, kMaxPath = 512 };

struct counts {
  long lines, words, bytes;
};

static int compare_names(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

static int count_file(const char* path, struct counts* counts) {
  FILE* file = fopen(path, "r");
  if (!file) return -1;
  int in_word = 0;
  for (int c; (c = getc(file)) != EOF; ++counts->bytes) {
    if (c == '\n') ++counts->lines;
    if (!isspace(c) && !in_word) ++counts->words;
    in_word = !isspace(c);
  }
  return fclose(file);
}

static void print_counts(const struct counts* counts, const char* name) {
  printf("%7ld %7ld %7ld %s\n", counts->lines, counts->words, counts->bytes, name);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: word_count DIRECTORY\n");
    return 2;
  }
  DIR* directory = opendir(argv[1]);
  if (!directory) {
    printf("cannot open %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  char* names[kMaxFiles];
  int count = 0;
  for (struct dirent* entry; (entry = readdir(directory)) && count < kMaxFiles;) {
    char path[kMaxPath];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) names[count++] = strdup(entry->d_name);
  }
  closedir(directory);
  qsort(names, count, sizeof names[0], compare_names);

  struct counts total = {0, 0, 0};
  for (int i = 0; i < count; ++i) {
    char path[kMaxPath];
    struct counts counts = {0, 0, 0};
    snprintf(path, sizeof path, "%s/%s", argv[1], names[i]);
    if (count_file(path, &counts) != 0) {
      printf("cannot read %s: %s\n", path, strerror(errno));
      return 1;
    }
    print_counts(&counts, names[i]);
    total.lines += counts.lines;
    total.words += counts.words;
    total.bytes += counts.bytes;
    free(names[i]);
  }
  print_counts(&total, "total");
  return 0;
}
