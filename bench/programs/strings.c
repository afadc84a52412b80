/* string work: builds a text, splits it into words, counts them in a hash table, sorts them, searches and formats. */
#include "bench.h"

enum { kWords = 40000, kSlots = 8192 };
typedef struct {
  char *word;
  uint32_t count;
} Entry;
static Entry table[kSlots];
static const char *const kSyllables[] = {"ka", "lo", "mi", "ren", "sto", "u", "ver", "an", "ti", "phe", "qui", "zar"};

static char *write_text(Rng *rng) {
  char *text = must(malloc(kWords * 16 + 1)), *end = text;
  for (int i = 0; i < kWords; ++i) {
    uint32_t syllables = 1 + rng_below(rng, 3);
    for (uint32_t s = 0; s < syllables; ++s) {
      const char *piece = kSyllables[rng_below(rng, 12)];
      size_t length = strlen(piece);
      memcpy(end, piece, length), end += length;
    }
    if (rng_below(rng, 9) == 0) *end++ = ',';
    *end++ = rng_below(rng, 14) == 0 ? '\n' : ' ';
  }
  *end = 0;
  return text;
}

static Entry *lookup(const char *word, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; ++i) hash = (hash ^ (uint8_t)word[i]) * 16777619u;
  for (uint32_t slot = hash & (kSlots - 1);; slot = (slot + 1) & (kSlots - 1)) {
    Entry *entry = &table[slot];
    if (!entry->word) {
      entry->word = must(malloc(length + 1));
      memcpy(entry->word, word, length), entry->word[length] = 0;
      return entry;
    }
    if (strncmp(entry->word, word, length) == 0 && entry->word[length] == 0) return entry;
  }
}

static int before(const Entry *a, const Entry *b) {
  if (a->count != b->count) return a->count > b->count;
  return strcmp(a->word, b->word) < 0;
}

static void sift(Entry *entries, int root, int end) {
  for (int child; (child = 2 * root + 1) < end; root = child) {
    if (child + 1 < end && before(&entries[child], &entries[child + 1])) ++child;
    if (!before(&entries[root], &entries[child])) return;
    Entry swap = entries[root];
    entries[root] = entries[child], entries[child] = swap;
  }
}

static void sort(Entry *entries, int count) { /* heap sort: the C library's qsort differs between machines */
  for (int root = count / 2; root-- > 0;) sift(entries, root, count);
  for (int end = count; --end > 0;) {
    Entry swap = entries[0];
    entries[0] = entries[end], entries[end] = swap;
    sift(entries, 0, end);
  }
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 30);
  Rng rng = {1234567};
  uint64_t hash = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    char *text = write_text(&rng);
    for (char *at = text; *at;) {
      size_t length = strcspn(at, " ,\n");
      if (length) ++lookup(at, length)->count;
      at += length + (at[length] != 0);
    }
    uint32_t found = 0;
    for (const char *at = text; (at = strstr(at, "quizar")) != NULL; ++at) ++found;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; ++at) found += 1000;
    static Entry sorted[kSlots];
    int words = 0;
    for (int slot = 0; slot < kSlots; ++slot)
      if (table[slot].word) sorted[words++] = table[slot];
    sort(sorted, words);
    for (int i = 0; i < words; i += 5) {
      char line[64];
      int length = snprintf(line, sizeof line, "%s=%u(%x)", sorted[i].word, sorted[i].count, found);
      for (int c = 0; c < length; ++c) hash = mix(hash, (uint8_t)line[c]);
    }
    for (int slot = 0; slot < kSlots; ++slot) free(table[slot].word), table[slot] = (Entry){0};
    free(text);
  }
  printf("strings %016llx\n", (unsigned long long)hash);
}
