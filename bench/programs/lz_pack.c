/* larger program: a compressor. LZ77 over a hash chain, then canonical Huffman codes for literals, lengths and distances;
 * decompresses again and compares. */
#include "bench.h"

enum { kWindow = 1 << 15, kHash = 1 << 14, kMinMatch = 4, kMaxMatch = 258, kChain = 24 };
enum { kLiterals = 256 + 1 + 32, kDistances = 32, kMaxCode = 15 };

/* --- a text that compresses like prose and records do --- */

static uint8_t *make_input(uint32_t size, Rng *rng) {
  static const char *const kPhrases[] = {"the compressor ", "reads a window ", "of recent bytes, ", "finds the longest match ", "and emits ",
                                         "a length and a distance. ", "{\"id\": ", ", \"name\": \"item-", "\", \"price\": ", "}\n"};
  uint8_t *input = must(malloc(size + 64));
  for (uint32_t at = 0; at < size;) {
    if (rng_below(rng, 3) == 0) {
      for (uint32_t digits = 1 + rng_below(rng, 8); digits > 0 && at < size; --digits) input[at++] = (uint8_t)('0' + rng_below(rng, 10));
    } else {
      const char *phrase = kPhrases[rng_below(rng, 10)];
      while (*phrase && at < size) input[at++] = (uint8_t)*phrase++;
    }
  }
  return input;
}

/* --- bits --- */

typedef struct {
  uint8_t *bytes;
  uint32_t at, capacity, pending, pending_bits;
} BitWriter;

static void put_bits(BitWriter *out, uint32_t value, uint32_t bits) {
  out->pending |= value << out->pending_bits;
  out->pending_bits += bits;
  while (out->pending_bits >= 8) {
    if (out->at == out->capacity) out->bytes = must(realloc(out->bytes, out->capacity *= 2));
    out->bytes[out->at++] = (uint8_t)out->pending;
    out->pending >>= 8, out->pending_bits -= 8;
  }
}

typedef struct {
  const uint8_t *bytes;
  uint32_t at, size, pending, pending_bits;
} BitReader;

static void fill_bits(BitReader *in) {
  while (in->pending_bits <= 24) {
    uint32_t byte = in->at < in->size ? in->bytes[in->at] : 0;
    ++in->at;
    in->pending |= byte << in->pending_bits;
    in->pending_bits += 8;
  }
}

static uint32_t get_bits(BitReader *in, uint32_t bits) {
  fill_bits(in);
  uint32_t value = in->pending & ((1u << bits) - 1);
  in->pending >>= bits, in->pending_bits -= bits;
  return value;
}

/* --- canonical Huffman codes, lengths limited by flattening the counts --- */

typedef struct {
  uint8_t length[kLiterals];
  uint16_t code[kLiterals]; /* bit-reversed, ready to be written */
} Codes;

typedef struct {
  uint32_t weight;
  int16_t left, right;
} HuffmanNode;

static void sift(int16_t *heap, int size, int at, const HuffmanNode *nodes) {
  for (int child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && nodes[heap[child + 1]].weight < nodes[heap[child]].weight) ++child;
    if (nodes[heap[at]].weight <= nodes[heap[child]].weight) return;
    int16_t swap = heap[at];
    heap[at] = heap[child], heap[child] = swap;
  }
}

static int assign_depths(const HuffmanNode *nodes, int16_t node, int depth, uint8_t *length) {
  if (nodes[node].left < 0) return length[node] = (uint8_t)(depth ? depth : 1), depth <= kMaxCode;
  return assign_depths(nodes, nodes[node].left, depth + 1, length) & assign_depths(nodes, nodes[node].right, depth + 1, length);
}

static int try_lengths(const uint32_t *weight, int symbols, uint8_t *length) {
  static HuffmanNode nodes[2 * kLiterals];
  int16_t heap[kLiterals];
  int size = 0, next = symbols;
  memset(length, 0, (size_t)symbols);
  for (int s = 0; s < symbols; ++s) {
    nodes[s] = (HuffmanNode){weight[s], -1, -1};
    if (weight[s]) heap[size++] = (int16_t)s;
  }
  if (size == 0) return 1;
  for (int at = size / 2; at-- > 0;) sift(heap, size, at, nodes);
  while (size > 1) {
    int16_t a = heap[0];
    heap[0] = heap[--size];
    sift(heap, size, 0, nodes);
    int16_t b = heap[0];
    nodes[next] = (HuffmanNode){nodes[a].weight + nodes[b].weight, a, b};
    heap[0] = (int16_t)next++;
    sift(heap, size, 0, nodes);
  }
  return assign_depths(nodes, heap[0], 0, length);
}

static void fill_codes(Codes *codes, int symbols) {
  uint32_t count[kMaxCode + 1] = {0}, next[kMaxCode + 2] = {0};
  for (int s = 0; s < symbols; ++s) ++count[codes->length[s]];
  count[0] = 0;
  for (int bits = 1; bits <= kMaxCode; ++bits) next[bits + 1] = (next[bits] + count[bits]) << 1;
  for (int s = 0; s < symbols; ++s) {
    uint32_t bits = codes->length[s], code = bits ? next[bits]++ : 0, reversed = 0;
    for (uint32_t bit = 0; bit < bits; ++bit) reversed |= (code >> bit & 1) << (bits - 1 - bit);
    codes->code[s] = (uint16_t)reversed;
  }
}

static void build_codes(Codes *codes, uint32_t *weight, int symbols) {
  while (!try_lengths(weight, symbols, codes->length))
    for (int s = 0; s < symbols; ++s)
      if (weight[s]) weight[s] = weight[s] / 2 + 1;
  fill_codes(codes, symbols);
}

/* --- lengths and distances as a class and extra bits --- */

static uint32_t class_of(uint32_t value) { /* 0, 1, 2, 3, then two classes per power of two */
  if (value < 4) return value;
  uint32_t log = 31 - (uint32_t)__builtin_clz(value);
  return 2 * log + (value >> (log - 1) & 1);
}
static uint32_t extra_bits(uint32_t class) { return class < 4 ? 0 : class / 2 - 1; }
static uint32_t class_base(uint32_t class) { return class < 4 ? class : (2 + (class & 1)) << (class / 2 - 1); }

typedef struct {
  uint16_t length, distance_or_literal; /* length 0: a literal */
} Token;

/* --- matching --- */

static uint32_t hash4(const uint8_t *at) {
  uint32_t v;
  memcpy(&v, at, 4);
  return v * 2654435761u >> 18;
}

static NOINLINE uint32_t find_tokens(const uint8_t *input, uint32_t size, Token *tokens) {
  static int32_t head[kHash], previous[kWindow];
  memset(head, -1, sizeof head);
  uint32_t count = 0;
  for (uint32_t at = 0; at < size;) {
    uint32_t best = 0, best_distance = 0;
    if (size - at >= kMinMatch) {
      uint32_t limit = size - at < kMaxMatch ? size - at : kMaxMatch;
      int32_t candidate = head[hash4(input + at)];
      for (int chain = kChain; candidate >= 0 && at - (uint32_t)candidate < kWindow && chain > 0; --chain) {
        const uint8_t *a = input + at, *b = input + candidate;
        if (b[best] == a[best]) {
          uint32_t length = 0;
          while (length < limit && a[length] == b[length]) ++length;
          if (length > best) {
            best = length, best_distance = at - (uint32_t)candidate;
            if (best == limit) break;
          }
        }
        candidate = previous[candidate & (kWindow - 1)];
      }
    }
    if (best < kMinMatch) best = 0;
    tokens[count++] = best ? (Token){(uint16_t)best, (uint16_t)best_distance} : (Token){0, input[at]};
    for (uint32_t end = at + (best ? best : 1); at < end; ++at) {
      if (size - at < kMinMatch) continue;
      uint32_t hash = hash4(input + at);
      previous[at & (kWindow - 1)] = head[hash];
      head[hash] = (int32_t)at;
    }
  }
  return count;
}

static NOINLINE BitWriter encode(const Token *tokens, uint32_t count) {
  static uint32_t literal_weight[kLiterals], distance_weight[kDistances];
  static Codes literals, distances;
  memset(literal_weight, 0, sizeof literal_weight), memset(distance_weight, 0, sizeof distance_weight);
  for (uint32_t i = 0; i < count; ++i) {
    if (tokens[i].length == 0) ++literal_weight[tokens[i].distance_or_literal];
    else ++literal_weight[257 + class_of(tokens[i].length - kMinMatch)], ++distance_weight[class_of(tokens[i].distance_or_literal)];
  }
  literal_weight[256] = 1;
  build_codes(&literals, literal_weight, kLiterals);
  build_codes(&distances, distance_weight, kDistances);
  BitWriter out = {must(malloc(4096)), 0, 4096, 0, 0};
  for (int s = 0; s < kLiterals; ++s) put_bits(&out, literals.length[s], 4);
  for (int s = 0; s < kDistances; ++s) put_bits(&out, distances.length[s], 4);
  for (uint32_t i = 0; i < count; ++i) {
    Token token = tokens[i];
    if (token.length == 0) {
      put_bits(&out, literals.code[token.distance_or_literal], literals.length[token.distance_or_literal]);
      continue;
    }
    uint32_t length = token.length - kMinMatch, class = class_of(length);
    put_bits(&out, literals.code[257 + class], literals.length[257 + class]);
    put_bits(&out, length - class_base(class), extra_bits(class));
    class = class_of(token.distance_or_literal);
    put_bits(&out, distances.code[class], distances.length[class]);
    put_bits(&out, token.distance_or_literal - class_base(class), extra_bits(class));
  }
  put_bits(&out, literals.code[256], literals.length[256]);
  put_bits(&out, 0, 7);
  return out;
}

/* --- decoding through a flat table of kMaxCode bits: symbol << 4 | length --- */

static void fill_table(uint16_t *table, const Codes *codes, int symbols) {
  memset(table, 0, sizeof *table << kMaxCode);
  for (int s = 0; s < symbols; ++s)
    if (codes->length[s])
      for (uint32_t index = codes->code[s]; index < 1u << kMaxCode; index += 1u << codes->length[s])
        table[index] = (uint16_t)(s << 4 | codes->length[s]);
}

static uint32_t get_symbol(BitReader *in, const uint16_t *table) {
  fill_bits(in);
  uint32_t entry = table[in->pending & ((1u << kMaxCode) - 1)];
  in->pending >>= entry & 15, in->pending_bits -= entry & 15;
  return entry >> 4;
}

static NOINLINE uint32_t decode(const uint8_t *bytes, uint32_t size, uint8_t *output) {
  static uint16_t literal_table[1 << kMaxCode], distance_table[1 << kMaxCode];
  static Codes literals, distances;
  BitReader in = {bytes, 0, size, 0, 0};
  for (int s = 0; s < kLiterals; ++s) literals.length[s] = (uint8_t)get_bits(&in, 4);
  for (int s = 0; s < kDistances; ++s) distances.length[s] = (uint8_t)get_bits(&in, 4);
  fill_codes(&literals, kLiterals), fill_codes(&distances, kDistances);
  fill_table(literal_table, &literals, kLiterals), fill_table(distance_table, &distances, kDistances);
  uint32_t at = 0;
  for (uint32_t symbol; (symbol = get_symbol(&in, literal_table)) != 256;) {
    if (symbol < 256) {
      output[at++] = (uint8_t)symbol;
      continue;
    }
    uint32_t length = class_base(symbol - 257) + get_bits(&in, extra_bits(symbol - 257)) + kMinMatch;
    uint32_t class = get_symbol(&in, distance_table), distance = class_base(class) + get_bits(&in, extra_bits(class));
    for (; length > 0; --length, ++at) output[at] = output[at - distance];
  }
  return at;
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 8);
  enum { kSize = 400000 };
  Rng rng = {2024};
  uint64_t hash = 0;
  uint32_t packed = 0;
  uint8_t *output = must(malloc(kSize + 512));
  Token *tokens = must(malloc(kSize * sizeof *tokens));
  for (uint32_t round = 0; round < rounds; ++round) {
    uint8_t *input = make_input(kSize, &rng);
    BitWriter out = encode(tokens, find_tokens(input, kSize, tokens));
    if (decode(out.bytes, out.at, output) != kSize || memcmp(input, output, kSize) != 0) return puts("round trip failed"), 1;
    for (uint32_t i = 0; i < out.at; ++i) hash = mix(hash, out.bytes[i]);
    packed += out.at;
    free(out.bytes), free(input);
  }
  printf("lz_pack %u -> %u %016llx\n", rounds * kSize, packed, (unsigned long long)hash);
  free(output), free(tokens);
}
