/* larger program: a JSON parser into an arena of values, queries over the tree, and a writer; round trips are compared. */
#include "bench.h"

typedef enum { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject } Kind;
typedef struct Value Value;
struct Value {
  Kind kind;
  uint32_t length;   /* of the string, in bytes */
  const char *name;  /* as a member of an object */
  uint32_t name_length;
  double number;
  const char *string;
  Value *first, *next;
};

/* --- arena --- */

typedef struct Block Block;
struct Block {
  Block *previous;
  uint32_t used;
  char bytes[65536];
};
static Block *arena;

static void *allocate(uint32_t size) {
  size = (size + 7) & ~7u;
  if (!arena || sizeof arena->bytes - arena->used < size) {
    Block *block = must(malloc(sizeof *block));
    block->previous = arena, block->used = 0, arena = block;
  }
  arena->used += size;
  return arena->bytes + arena->used - size;
}

static void release_arena(void) {
  while (arena) {
    Block *previous = arena->previous;
    free(arena);
    arena = previous;
  }
}

/* --- parser: recursive descent, first error wins --- */

typedef struct {
  const char *at, *end;
  int failed;
} Parser;

static Value *parse_value(Parser *p, int depth);

static Value *fail(Parser *p) {
  p->failed = 1, p->at = p->end;
  return NULL;
}

static void skip_space(Parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')) ++p->at;
}

static int accept(Parser *p, char c) {
  skip_space(p);
  if (p->at == p->end || *p->at != c) return 0;
  ++p->at;
  return 1;
}

static uint32_t hex4(Parser *p) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    if (p->at == p->end) return fail(p), 0;
    char c = *p->at++;
    value = value << 4 | (uint32_t)(c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0);
  }
  return value;
}

static char *put_utf8(char *out, uint32_t c) {
  if (c < 0x80) return *out++ = (char)c, out;
  if (c < 0x800) return *out++ = (char)(0xC0 | c >> 6), *out++ = (char)(0x80 | (c & 63)), out;
  return *out++ = (char)(0xE0 | c >> 12), *out++ = (char)(0x80 | (c >> 6 & 63)), *out++ = (char)(0x80 | (c & 63)), out;
}

static const char *parse_string(Parser *p, uint32_t *length) { /* after the opening quote */
  const char *start = p->at;
  while (p->at < p->end && *p->at != '"' && *p->at != '\\') ++p->at;
  if (p->at < p->end && *p->at == '"') { /* no escapes: the text itself */
    *length = (uint32_t)(p->at++ - start);
    return start;
  }
  const char *close = p->at;
  while (close < p->end && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= p->end) return (const char *)fail(p);
  char *copy = allocate((uint32_t)(close - start) + 1), *out = copy + (p->at - start);
  memcpy(copy, start, (size_t)(p->at - start));
  while (p->at < close) {
    char c = *p->at++;
    if (c != '\\') {
      *out++ = c;
      continue;
    }
    c = *p->at++;
    switch (c) {
      case 'n': *out++ = '\n'; break;
      case 't': *out++ = '\t'; break;
      case 'r': *out++ = '\r'; break;
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'u': out = put_utf8(out, hex4(p)); break;
      default: *out++ = c;
    }
  }
  ++p->at;
  *length = (uint32_t)(out - copy);
  return copy;
}

static double parse_number(Parser *p) {
  int negative = accept(p, '-');
  double value = 0, scale = 1;
  int exponent = 0;
  for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; ++p->at) value = value * 10 + (*p->at - '0');
  if (p->at < p->end && *p->at == '.')
    for (++p->at; p->at < p->end && *p->at >= '0' && *p->at <= '9'; ++p->at) value = value * 10 + (*p->at - '0'), scale *= 10;
  if (p->at < p->end && (*p->at | 32) == 'e') {
    ++p->at;
    int down = p->at < p->end && *p->at == '-';
    if (p->at < p->end && (*p->at == '-' || *p->at == '+')) ++p->at;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; ++p->at) exponent = exponent * 10 + (*p->at - '0');
    for (; exponent > 0; --exponent) down ? (scale *= 10) : (value *= 10);
  }
  value /= scale;
  return negative ? -value : value;
}

static Value *parse_members(Parser *p, Value *value, int depth) {
  Value **tail = &value->first;
  char close = value->kind == kArray ? ']' : '}';
  if (accept(p, close)) return value;
  do {
    const char *name = NULL;
    uint32_t name_length = 0;
    if (value->kind == kObject) {
      if (!accept(p, '"')) return fail(p);
      name = parse_string(p, &name_length);
      if (!accept(p, ':')) return fail(p);
    }
    Value *member = parse_value(p, depth + 1);
    if (!member) return fail(p);
    member->name = name, member->name_length = name_length;
    *tail = member, tail = &member->next;
    ++value->length;
  } while (accept(p, ','));
  return accept(p, close) ? value : fail(p);
}

static int keyword(Parser *p, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(p->end - p->at) < length || memcmp(p->at, word, length) != 0) return 0;
  p->at += length;
  return 1;
}

static Value *parse_value(Parser *p, int depth) {
  if (depth > 200) return fail(p);
  skip_space(p);
  if (p->at == p->end) return fail(p);
  Value *value = allocate(sizeof *value);
  *value = (Value){0};
  switch (*p->at) {
    case '{': ++p->at, value->kind = kObject; return parse_members(p, value, depth);
    case '[': ++p->at, value->kind = kArray; return parse_members(p, value, depth);
    case '"': ++p->at, value->kind = kString, value->string = parse_string(p, &value->length); return value;
    case 't': value->kind = kTrue; return keyword(p, "true") ? value : fail(p);
    case 'f': value->kind = kFalse; return keyword(p, "false") ? value : fail(p);
    case 'n': return keyword(p, "null") ? value : fail(p);
    default: value->kind = kNumber, value->number = parse_number(p); return value;
  }
}

/* --- writer --- */

typedef struct {
  char *bytes;
  uint32_t at, capacity;
} Text;

static void put(Text *text, const char *bytes, uint32_t size) {
  if (text->capacity - text->at < size) text->bytes = must(realloc(text->bytes, text->capacity = text->capacity * 2 + size));
  memcpy(text->bytes + text->at, bytes, size);
  text->at += size;
}

static void put_string(Text *text, const char *string, uint32_t length) {
  static const char kHex[] = "0123456789abcdef";
  put(text, "\"", 1);
  uint32_t from = 0;
  for (uint32_t at = 0; at < length; ++at) {
    uint8_t c = (uint8_t)string[at];
    if (c >= 32 && c != '"' && c != '\\') continue;
    put(text, string + from, at - from), from = at + 1;
    char escape[6] = {'\\', (char)c, '0', '0', kHex[c >> 4], kHex[c & 15]};
    if (c >= 32) put(text, escape, 2);
    else if (c == '\n') put(text, "\\n", 2);
    else escape[1] = 'u', put(text, escape, 6);
  }
  put(text, string + from, length - from);
  put(text, "\"", 1);
}

static void put_number(Text *text, double number) { /* three decimals, which is what the documents hold */
  char digits[32];
  int at = sizeof digits;
  int64_t thousandths = (int64_t)(number < 0 ? -number * 1000 + 0.5 : number * 1000 + 0.5), whole = thousandths / 1000;
  if (thousandths % 1000) {
    for (int i = 0; i < 3; ++i) digits[--at] = (char)('0' + thousandths % 10), thousandths /= 10;
    digits[--at] = '.';
  }
  do digits[--at] = (char)('0' + whole % 10), whole /= 10;
  while (whole);
  if (number < 0) digits[--at] = '-';
  put(text, digits + at, (uint32_t)sizeof digits - (uint32_t)at);
}

static void write_value(Text *text, const Value *value) {
  switch (value->kind) {
    case kNull: put(text, "null", 4); return;
    case kFalse: put(text, "false", 5); return;
    case kTrue: put(text, "true", 4); return;
    case kNumber: put_number(text, value->number); return;
    case kString: put_string(text, value->string, value->length); return;
    case kArray:
    case kObject: break;
  }
  put(text, value->kind == kArray ? "[" : "{", 1);
  for (const Value *member = value->first; member; member = member->next) {
    if (member != value->first) put(text, ",", 1);
    if (value->kind == kObject) put_string(text, member->name, member->name_length), put(text, ":", 1);
    write_value(text, member);
  }
  put(text, value->kind == kArray ? "]" : "}", 1);
}

/* --- a document and questions about it --- */

static void make_value(Text *text, Rng *rng, int depth) {
  static const char *const kNames[] = {"id", "name", "price", "tags", "nested", "stock", "note", "visible"};
  char buffer[96];
  uint32_t choice = rng_below(rng, depth > 5 ? 4 : 8);
  if (choice == 0) put(text, rng_below(rng, 2) ? "true" : "null", 4);
  else if (choice == 1) put(text, buffer, (uint32_t)snprintf(buffer, sizeof buffer, "%u.%03u", rng_below(rng, 100000), rng_below(rng, 1000)));
  else if (choice == 2) put(text, buffer, (uint32_t)snprintf(buffer, sizeof buffer, "%d", (int)rng_below(rng, 2000) - 1000));
  else if (choice == 3) put(text, buffer, (uint32_t)snprintf(buffer, sizeof buffer, "\"text %u\\n with \\\"quotes\\\" and \\u00e9\"", rng_below(rng, 9999)));
  else {
    uint32_t members = 1 + rng_below(rng, 6);
    put(text, choice < 6 ? "[" : "{ ", choice < 6 ? 1 : 2);
    for (uint32_t i = 0; i < members; ++i) {
      if (i) put(text, ", ", 2);
      if (choice >= 6) put(text, buffer, (uint32_t)snprintf(buffer, sizeof buffer, "\"%s\": ", kNames[(i + choice) & 7]));
      make_value(text, rng, depth + 1);
    }
    put(text, choice < 6 ? "]" : " }", choice < 6 ? 1 : 2);
  }
}

typedef struct {
  uint32_t values, depth, prices;
  double sum;
} Summary;

static void summarise(const Value *value, uint32_t depth, Summary *summary) {
  ++summary->values;
  if (depth > summary->depth) summary->depth = depth;
  if (value->kind == kNumber) summary->sum += value->number;
  if (value->name_length == 5 && memcmp(value->name, "price", 5) == 0) ++summary->prices;
  for (const Value *member = value->first; member; member = member->next) summarise(member, depth + 1, summary);
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 10);
  Rng rng = {555};
  Text source = {must(malloc(1024)), 0, 1024}, first = {must(malloc(1024)), 0, 1024}, second = {must(malloc(1024)), 0, 1024};
  put(&source, "[\n", 2);
  while (source.at < 600000) make_value(&source, &rng, 0), put(&source, ",\n", 2);
  put(&source, "null]", 5);
  uint64_t hash = 0;
  Summary summary = {0};
  for (uint32_t round = 0; round < rounds; ++round) {
    Parser parser = {source.bytes, source.bytes + source.at, 0};
    Value *value = parse_value(&parser, 0);
    if (!value || parser.failed) return puts("parse failed"), 1;
    summarise(value, 0, &summary);
    first.at = 0;
    write_value(&first, value);
    parser = (Parser){first.bytes, first.bytes + first.at, 0};
    value = parse_value(&parser, 0);
    second.at = 0;
    if (value) write_value(&second, value);
    if (first.at != second.at || memcmp(first.bytes, second.bytes, first.at) != 0) return puts("round trip failed"), 1;
    release_arena();
  }
  for (uint32_t i = 0; i < first.at; ++i) hash = mix(hash, (uint8_t)first.bytes[i]);
  printf("json %u values, depth %u, %u prices, sum %.3f %016llx\n", summary.values, summary.depth, summary.prices, summary.sum, (unsigned long long)hash);
  free(source.bytes), free(first.bytes), free(second.bytes);
}
