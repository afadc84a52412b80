/* larger program: a key-value store. A B-tree of string keys in pages, values in a log with checksums, deletion by
 * tombstone, range scans, compaction of the log, and recovery of the tree from the log. */
#include "bench.h"

enum { kOrder = 32, kKeyBytes = 24 };
typedef struct Page Page;
struct Page {
  uint16_t count, leaf;
  char keys[kOrder][kKeyBytes];
  uint32_t value[kOrder]; /* offset in the log */
  Page *child[kOrder + 1];
};

typedef struct {
  uint32_t checksum;
  uint16_t key_length, value_length;
} Record; /* then the key, then the value; value_length 0xFFFF: a tombstone */

typedef struct {
  Page *root;
  uint8_t *log;
  uint32_t log_size, log_capacity, live, dead;
} Store;

static uint32_t checksum(const uint8_t *bytes, uint32_t size) {
  uint32_t a = 1, b = 0;
  for (uint32_t i = 0; i < size; ++i) a += bytes[i], b += a;
  return (b % 65521) << 16 | a % 65521;
}

static Page *new_page(int leaf) {
  Page *page = must(calloc(1, sizeof *page));
  page->leaf = (uint16_t)leaf;
  return page;
}

static void free_pages(Page *page) {
  if (!page) return;
  for (int i = 0; !page->leaf && i <= page->count; ++i) free_pages(page->child[i]);
  free(page);
}

static int find_slot(const Page *page, const char *key, int *found) {
  int low = 0, high = page->count;
  *found = 0;
  while (low < high) {
    int middle = (low + high) / 2, order = strcmp(page->keys[middle], key);
    if (order == 0) return *found = 1, middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

static uint32_t *lookup(Store *store, const char *key) {
  for (Page *page = store->root; page;) {
    int found, slot = find_slot(page, key, &found);
    if (found) return &page->value[slot];
    page = page->leaf ? NULL : page->child[slot];
  }
  return NULL;
}

static void open_slot(Page *page, int slot) {
  for (int i = page->count; i > slot; --i) {
    memcpy(page->keys[i], page->keys[i - 1], kKeyBytes);
    page->value[i] = page->value[i - 1];
    page->child[i + 1] = page->child[i];
  }
  ++page->count;
}

static void split_child(Page *parent, int slot) {
  Page *left = parent->child[slot], *right = new_page(left->leaf);
  int middle = kOrder / 2;
  right->count = (uint16_t)(kOrder - middle - 1);
  memcpy(right->keys, left->keys[middle + 1], (size_t)right->count * kKeyBytes);
  memcpy(right->value, left->value + middle + 1, right->count * sizeof *right->value);
  memcpy(right->child, left->child + middle + 1, (right->count + 1u) * sizeof *right->child);
  left->count = (uint16_t)middle;
  open_slot(parent, slot);
  memcpy(parent->keys[slot], left->keys[middle], kKeyBytes);
  parent->value[slot] = left->value[middle];
  parent->child[slot + 1] = right;
}

static uint32_t *insert(Store *store, const char *key) { /* the slot of the key, new or old */
  if (!store->root) store->root = new_page(1);
  if (store->root->count == kOrder) {
    Page *root = new_page(0);
    root->child[0] = store->root, store->root = root;
    split_child(root, 0);
  }
  for (Page *page = store->root;;) {
    int found, slot = find_slot(page, key, &found);
    if (found) return &page->value[slot];
    if (page->leaf) {
      open_slot(page, slot);
      strcpy(page->keys[slot], key);
      page->value[slot] = 0;
      return &page->value[slot];
    }
    if (page->child[slot]->count == kOrder) {
      split_child(page, slot);
      continue;
    }
    page = page->child[slot];
  }
}

static uint32_t append(Store *store, const char *key, const uint8_t *value, uint16_t value_length) {
  uint16_t key_length = (uint16_t)strlen(key);
  uint32_t bytes = value_length == 0xFFFF ? 0 : value_length, size = (uint32_t)sizeof(Record) + key_length + bytes, at = store->log_size;
  if (store->log_capacity - at < size) store->log = must(realloc(store->log, store->log_capacity = store->log_capacity * 2 + size));
  uint8_t *body = store->log + at + sizeof(Record);
  memcpy(body, key, key_length);
  if (bytes) memcpy(body + key_length, value, bytes);
  Record record = {checksum(body, key_length + bytes), key_length, value_length};
  memcpy(store->log + at, &record, sizeof record);
  store->log_size += size;
  return at;
}

static Record record_at(const Store *store, uint32_t at) {
  Record record;
  memcpy(&record, store->log + at, sizeof record);
  return record;
}

static void put(Store *store, const char *key, const uint8_t *value, uint16_t length) {
  uint32_t at = append(store, key, value, length), *slot = insert(store, key);
  int was_live = *slot && record_at(store, *slot).value_length != 0xFFFF;
  store->dead += was_live, store->live += (length != 0xFFFF) - was_live;
  *slot = at;
}

static const uint8_t *get(Store *store, const char *key, uint16_t *length) {
  uint32_t *slot = lookup(store, key);
  if (!slot || !*slot) return NULL;
  Record record = record_at(store, *slot);
  *length = record.value_length;
  return record.value_length == 0xFFFF ? NULL : store->log + *slot + sizeof record + record.key_length;
}

typedef uint64_t Visitor(Store *store, const char *key, uint32_t at, uint64_t state);

static uint64_t scan(Store *store, const Page *page, const char *from, const char *to, Visitor *visit, uint64_t state) {
  int found, slot = find_slot(page, from, &found);
  for (; slot <= page->count; ++slot) {
    if (!page->leaf) state = scan(store, page->child[slot], from, to, visit, state);
    if (slot == page->count || strcmp(page->keys[slot], to) >= 0) break;
    if (page->value[slot]) state = visit(store, page->keys[slot], page->value[slot], state);
  }
  return state;
}

static uint64_t hash_record(Store *store, const char *key, uint32_t at, uint64_t state) {
  Record record = record_at(store, at);
  return record.value_length == 0xFFFF ? state : mix(state, record.checksum + (uint8_t)key[0]);
}

static Store open_store(void) {
  Store store = {NULL, must(malloc(1 << 16)), 0, 1 << 16, 0, 0};
  append(&store, "", NULL, 0xFFFF); /* offset 0 means "no value" */
  return store;
}

static void close_store(Store *store) {
  free_pages(store->root);
  free(store->log);
}

static void replay(Store *store) { /* the tree anew from the log alone */
  free_pages(store->root);
  store->root = NULL, store->live = store->dead = 0;
  for (uint32_t at = 0; at < store->log_size;) {
    Record record = record_at(store, at);
    uint32_t bytes = record.value_length == 0xFFFF ? 0 : record.value_length;
    const uint8_t *body = store->log + at + sizeof record;
    char key[kKeyBytes] = {0};
    if (checksum(body, record.key_length + bytes) != record.checksum) puts("corrupt record"), exit(1);
    memcpy(key, body, record.key_length);
    if (at) {
      uint32_t *slot = insert(store, key);
      int was_live = *slot && record_at(store, *slot).value_length != 0xFFFF;
      store->dead += was_live, store->live += (record.value_length != 0xFFFF) - was_live;
      *slot = at;
    }
    at += (uint32_t)sizeof record + record.key_length + bytes;
  }
}

static Store *compacted;
static uint64_t copy_record(Store *store, const char *key, uint32_t at, uint64_t state) {
  Record record = record_at(store, at);
  if (record.value_length == 0xFFFF) return state;
  put(compacted, key, store->log + at + sizeof record + record.key_length, record.value_length);
  return state + 1;
}

static void compact(Store *store) {
  Store fresh = open_store();
  compacted = &fresh;
  scan(store, store->root, "", "~", copy_record, 0);
  close_store(store);
  *store = fresh;
}

int main(int argc, char **argv) {
  uint32_t operations = scale_of(argc, argv, 250000), compactions = 0;
  Store store = open_store();
  Rng rng = {90210};
  uint64_t hash = 0;
  for (uint32_t operation = 0; operation < operations; ++operation) {
    char key[kKeyBytes];
    uint8_t value[100];
    uint32_t id = rng_below(&rng, 20000), choice = rng_below(&rng, 100);
    snprintf(key, sizeof key, "%c:%05u", 'a' + (int)(id % 7), id);
    if (choice < 40) {
      uint16_t length = (uint16_t)(8 + rng_below(&rng, 90));
      for (uint16_t i = 0; i < length; ++i) value[i] = (uint8_t)(id * i + operation);
      put(&store, key, value, length);
    } else if (choice < 90) {
      uint16_t length = 0;
      const uint8_t *got = get(&store, key, &length);
      hash = mix(hash, got ? got[length - 1] + 256u * length : 1);
    } else if (choice < 98) {
      if (lookup(&store, key)) put(&store, key, NULL, 0xFFFF);
    } else if (store.root) {
      char to[kKeyBytes];
      snprintf(to, sizeof to, "%c:%05u", key[0], id + 300);
      hash = scan(&store, store.root, key, to, hash_record, hash);
    }
    if (store.dead > 40000) compact(&store), ++compactions;
  }
  uint64_t before = scan(&store, store.root, "", "~", hash_record, 0);
  replay(&store);
  uint64_t after = scan(&store, store.root, "", "~", hash_record, 0);
  if (before != after) return puts("replay differs"), 1;
  printf("kv_store %u live, %u compactions, log %u, %016llx %016llx\n", store.live, compactions, store.log_size, (unsigned long long)hash, (unsigned long long)after);
  close_store(&store);
}
