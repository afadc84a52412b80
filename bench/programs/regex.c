/* larger program: a regular expression engine. Parser to a byte program, a lock-step (Thompson) simulation that finds the
 * leftmost longest match, and a lazily built DFA over the same program that counts matches; both must agree. */
#include "bench.h"

enum { kByte, kClass, kSplit, kJump, kMatch };
enum { kMaxProgram = 512, kMaxClasses = 64, kMaxStates = 512 };
typedef struct {
  uint8_t op, byte;
  uint16_t x, y;
} Inst;

typedef struct {
  Inst code[kMaxProgram];
  uint8_t classes[kMaxClasses][32];
  uint32_t size, class_count;
  const char *at;
} Regex;

/* --- parser: emits while it descends; a fragment is a range of the program --- */

static uint32_t emit(Regex *re, Inst inst) {
  if (re->size == kMaxProgram) puts("pattern too long"), exit(1);
  re->code[re->size] = inst;
  return re->size++;
}

static void insert_at(Regex *re, uint32_t at, Inst inst) { /* shifts the fragment behind it by one */
  emit(re, inst);
  for (uint32_t i = re->size - 1; i > at; --i) {
    Inst moved = re->code[i - 1];
    if (moved.op == kSplit || moved.op == kJump) moved.x += moved.x >= at, moved.y += moved.y >= at;
    re->code[i] = moved;
  }
  re->code[at] = inst;
}

static void set_bit(uint8_t *set, uint32_t byte) { set[byte >> 3] |= (uint8_t)(1 << (byte & 7)); }

static void parse_alternatives(Regex *re);

static void parse_class(Regex *re) {
  uint8_t *set = re->classes[re->class_count];
  int negate = *re->at == '^';
  if (negate) ++re->at;
  for (; *re->at && *re->at != ']'; ++re->at) {
    uint8_t from = (uint8_t)*re->at, to = from;
    if (re->at[1] == '-' && re->at[2] != ']') to = (uint8_t)re->at[2], re->at += 2;
    for (uint32_t byte = from; byte <= to; ++byte) set_bit(set, byte);
  }
  ++re->at;
  if (negate)
    for (int i = 0; i < 32; ++i) set[i] = (uint8_t)~set[i];
  emit(re, (Inst){kClass, 0, (uint16_t)re->class_count++, 0});
}

static void parse_atom(Regex *re) {
  char c = *re->at++;
  if (c == '(') parse_alternatives(re), ++re->at;
  else if (c == '[') parse_class(re);
  else if (c == '.') {
    uint8_t *set = re->classes[re->class_count];
    for (uint32_t byte = 0; byte < 256; ++byte)
      if (byte != '\n') set_bit(set, byte);
    emit(re, (Inst){kClass, 0, (uint16_t)re->class_count++, 0});
  } else if (c == '\\') {
    c = *re->at++;
    uint8_t *set = re->classes[re->class_count];
    if (c == 'd' || c == 'w') {
      for (uint32_t byte = '0'; byte <= '9'; ++byte) set_bit(set, byte);
      for (uint32_t byte = 'a'; c == 'w' && byte <= 'z'; ++byte) set_bit(set, byte), set_bit(set, byte - 32);
      emit(re, (Inst){kClass, 0, (uint16_t)re->class_count++, 0});
    } else {
      emit(re, (Inst){kByte, (uint8_t)c, 0, 0});
    }
  } else {
    emit(re, (Inst){kByte, (uint8_t)c, 0, 0});
  }
}

static void parse_sequence(Regex *re) {
  while (*re->at && *re->at != '|' && *re->at != ')') {
    uint32_t start = re->size;
    parse_atom(re);
    for (; *re->at == '*' || *re->at == '+' || *re->at == '?'; ++re->at) {
      if (*re->at == '+') {
        uint32_t split = emit(re, (Inst){kSplit, 0, (uint16_t)start, 0});
        re->code[split].y = (uint16_t)re->size;
        continue;
      }
      insert_at(re, start, (Inst){kSplit, 0, (uint16_t)(start + 1), 0});
      if (*re->at == '*') emit(re, (Inst){kJump, 0, (uint16_t)start, 0});
      re->code[start].y = (uint16_t)re->size;
    }
  }
}

static void parse_alternatives(Regex *re) {
  uint32_t start = re->size;
  parse_sequence(re);
  while (*re->at == '|') {
    ++re->at;
    insert_at(re, start, (Inst){kSplit, 0, (uint16_t)(start + 1), 0});
    uint32_t jump = emit(re, (Inst){kJump, 0, 0, 0});
    re->code[start].y = (uint16_t)re->size;
    parse_sequence(re);
    re->code[jump].x = (uint16_t)re->size;
  }
}

static void compile(Regex *re, const char *pattern) {
  memset(re, 0, sizeof *re);
  re->at = pattern;
  parse_alternatives(re);
  emit(re, (Inst){kMatch, 0, 0, 0});
}

/* --- sets of program counters --- */

typedef struct {
  uint16_t list[kMaxProgram], place[kMaxProgram];
  uint32_t count;
} Set;

static int in_set(const Set *set, uint16_t pc) { return set->place[pc] < set->count && set->list[set->place[pc]] == pc; }

static void add_state(const Regex *re, Set *set, uint16_t pc) {
  if (in_set(set, pc)) return;
  set->place[pc] = (uint16_t)set->count;
  set->list[set->count++] = pc;
  const Inst *inst = &re->code[pc];
  if (inst->op == kJump) add_state(re, set, inst->x);
  else if (inst->op == kSplit) add_state(re, set, inst->x), add_state(re, set, inst->y);
}

static int consumes(const Regex *re, uint16_t pc, uint8_t byte) {
  const Inst *inst = &re->code[pc];
  if (inst->op == kByte) return inst->byte == byte;
  return inst->op == kClass && (re->classes[inst->x][byte >> 3] >> (byte & 7) & 1);
}

static int step(const Regex *re, const Set *from, Set *to, uint8_t byte) { /* whether a match ends after the byte */
  int matched = 0;
  to->count = 0;
  for (uint32_t i = 0; i < from->count; ++i)
    if (consumes(re, from->list[i], byte)) add_state(re, to, (uint16_t)(from->list[i] + 1));
  for (uint32_t i = 0; i < to->count; ++i) matched |= re->code[to->list[i]].op == kMatch;
  return matched;
}

static NOINLINE uint32_t longest_by_sets(const Regex *re, const uint8_t *text, uint32_t at, uint32_t size) {
  static Set sets[2];
  Set *now = &sets[0], *next = &sets[1];
  uint32_t start = at, best = 0;
  now->count = 0;
  add_state(re, now, 0);
  while (at < size && now->count) {
    if (step(re, now, next, text[at++])) best = at - start;
    Set *swap = now;
    now = next, next = swap;
  }
  return best;
}

/* --- lazy DFA: states are sets, found by hash; a full cache is emptied --- */

typedef struct {
  const Regex *re;
  uint32_t count;
  int16_t next[kMaxStates][256]; /* -1 unknown */
  uint8_t accepts[kMaxStates], dead[kMaxStates];
  uint16_t members[kMaxStates][kMaxProgram];
  uint32_t member_count[kMaxStates];
} Dfa;

static uint32_t state_of(Dfa *dfa, const Set *set, int accepts) {
  uint16_t sorted[kMaxProgram];
  uint32_t count = 0;
  for (uint32_t i = 0; i < set->count; ++i) {
    uint16_t pc = set->list[i];
    if (dfa->re->code[pc].op == kSplit || dfa->re->code[pc].op == kJump) continue;
    uint32_t at = count++;
    for (; at > 0 && sorted[at - 1] > pc; --at) sorted[at] = sorted[at - 1];
    sorted[at] = pc;
  }
  for (uint32_t state = 0; state < dfa->count; ++state)
    if (dfa->member_count[state] == count && dfa->accepts[state] == accepts && memcmp(dfa->members[state], sorted, count * sizeof *sorted) == 0) return state;
  if (dfa->count == kMaxStates) dfa->count = 1;
  uint32_t state = dfa->count++;
  memcpy(dfa->members[state], sorted, count * sizeof *sorted);
  dfa->member_count[state] = count, dfa->accepts[state] = (uint8_t)accepts, dfa->dead[state] = count == 0;
  memset(dfa->next[state], -1, sizeof dfa->next[state]);
  return state;
}

static uint32_t fill_transition(Dfa *dfa, uint32_t state, uint8_t byte) {
  static Set from, to;
  from.count = 0;
  for (uint32_t i = 0; i < dfa->member_count[state]; ++i) {
    from.place[dfa->members[state][i]] = (uint16_t)from.count;
    from.list[from.count++] = dfa->members[state][i];
  }
  int accepts = step(dfa->re, &from, &to, byte);
  uint32_t before = dfa->count, next = state_of(dfa, &to, accepts);
  if (dfa->count >= before) dfa->next[state][byte] = (int16_t)next;
  return next;
}

static void open_dfa(Dfa *dfa, const Regex *re) {
  static Set start;
  dfa->re = re, dfa->count = 0;
  start.count = 0;
  add_state(re, &start, 0);
  state_of(dfa, &start, 0);
}

static NOINLINE uint32_t longest_by_dfa(Dfa *dfa, const uint8_t *text, uint32_t at, uint32_t size) {
  uint32_t state = 0, start = at, best = 0;
  while (at < size && !dfa->dead[state]) {
    int16_t next = dfa->next[state][text[at]];
    state = next >= 0 ? (uint32_t)next : fill_transition(dfa, state, text[at]);
    ++at;
    if (dfa->accepts[state]) best = at - start;
  }
  return best;
}

/* --- patterns over a generated log --- */

static const char *const kPatterns[] = {"[a-z]+@[a-z]+\\.(com|org|net)", "(GET|POST|DELETE) /[a-z/]*\\?id=\\d+", "\\d+\\.\\d+\\.\\d+\\.\\d+",
                                        "(error|warning|fatal): .*", "(a|b|ab)*c(d|e)?", "\"[^\"]*\"", "[A-Z][a-z]+ [A-Z][a-z]+", "x?x?x?x?x?xxxxx"};

static uint32_t make_text(uint8_t *text, uint32_t size, Rng *rng) {
  static const char *const kPieces[] = {"GET /shop/item?id=%u ", "user%u ada@example.com ", "10.0.%u.17 ", "error: disk %u failed\n", "ababab%ucd ",
                                        "\"quoted %u text\" ", "Grace Hopper %u ", "xxxxxxx%u ", "plain words here %u ", "POST /a/b?id=%u\n"};
  uint32_t at = 0;
  while (size - at > 64) at += (uint32_t)snprintf((char *)text + at, 64, kPieces[rng_below(rng, 10)], rng_below(rng, 1000));
  return at;
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 12);
  enum { kText = 1 << 17 };
  static uint8_t text[kText];
  static Regex re;
  Dfa *dfa = must(malloc(sizeof *dfa));
  Rng rng = {8080};
  uint64_t hash = 0;
  uint32_t matches = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    uint32_t size = make_text(text, kText, &rng);
    for (size_t pattern = 0; pattern < sizeof kPatterns / sizeof *kPatterns; ++pattern) {
      compile(&re, kPatterns[pattern]);
      open_dfa(dfa, &re);
      uint32_t sampled = 0;
      for (uint32_t at = 0; at < size;) {
        uint32_t length = longest_by_dfa(dfa, text, at, size);
        if ((at & 7) == 0) {
          ++sampled;
          if (longest_by_sets(&re, text, at, size) != length) return puts("engines disagree"), 1;
        }
        if (length) hash = mix(hash, at * 64u + length), ++matches;
        at += length ? length : 1;
      }
      hash = mix(hash, sampled);
    }
  }
  printf("regex %u matches %016llx\n", matches, (unsigned long long)hash);
  free(dfa);
}
