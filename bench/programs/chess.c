/* larger program: legal chess moves counted to a depth (perft), with a 0x88 board, castling, en passant, promotion. */
#include "bench.h"

enum { kEmpty, kPawn, kKnight, kBishop, kRook, kQueen, kKing, kBlack = 8 };
enum { kNoSquare = 127 };

typedef struct {
  uint8_t board[128];
  uint8_t king[2], side, castling, en_passant; /* castling: 1 K, 2 Q, 4 k, 8 q */
} Position;

typedef struct {
  uint8_t from, to, promotion, flags; /* flags: 1 en passant, 2 castling, 4 double step */
} Move;

static const int8_t kSteps[7][9] = {{0}, {0}, {33, 31, 18, 14, -33, -31, -18, -14, 0}, {17, 15, -17, -15, 0}, {16, 1, -16, -1, 0},
                                    {17, 15, -17, -15, 16, 1, -16, -1, 0}, {17, 15, -17, -15, 16, 1, -16, -1, 0}};

static void parse_fen(Position *position, const char *fen) {
  static const char kLetters[] = ".PNBRQK";
  memset(position, 0, sizeof *position);
  position->en_passant = kNoSquare;
  int rank = 7, file = 0;
  for (; *fen && *fen != ' '; ++fen) {
    if (*fen == '/') --rank, file = 0;
    else if (*fen <= '8') file += *fen - '0';
    else {
      int black = *fen >= 'a', kind = (int)(strchr(kLetters, *fen & ~32) - kLetters), square = rank * 16 + file++;
      position->board[square] = (uint8_t)(kind | (black ? kBlack : 0));
      if (kind == kKing) position->king[black] = (uint8_t)square;
    }
  }
  position->side = fen[1] == 'b';
  for (fen += 3; *fen && *fen != ' '; ++fen) {
    switch (*fen) {
      case 'K': position->castling |= 1; break;
      case 'Q': position->castling |= 2; break;
      case 'k': position->castling |= 4; break;
      case 'q': position->castling |= 8; break;
      default: break;
    }
  }
  if (*fen == ' ' && fen[1] != '-' && fen[1]) position->en_passant = (uint8_t)((fen[2] - '1') * 16 + fen[1] - 'a');
}

static int attacked(const Position *position, int square, int by) {
  int own = by ? kBlack : 0, pawn_from = by ? 16 : -16;
  for (int side = -1; side <= 1; side += 2) {
    int from = square + pawn_from + side;
    if (!(from & 0x88) && position->board[from] == (kPawn | own)) return 1;
  }
  for (const int8_t *step = kSteps[kKnight]; *step; ++step)
    if (!((square + *step) & 0x88) && position->board[square + *step] == (kKnight | own)) return 1;
  for (const int8_t *step = kSteps[kKing]; *step; ++step) {
    int straight = *step == 1 || *step == -1 || *step == 16 || *step == -16;
    int at = square + *step;
    if (!(at & 0x88) && position->board[at] == (kKing | own)) return 1;
    for (; !(at & 0x88); at += *step) {
      uint8_t piece = position->board[at];
      if (!piece) continue;
      if (piece == (kQueen | own) || piece == ((straight ? kRook : kBishop) | own)) return 1;
      break;
    }
  }
  return 0;
}

static Move *add_pawn_move(Move *out, int from, int to, uint8_t flags) {
  if (to >> 4 == 0 || to >> 4 == 7) {
    for (uint8_t kind = kKnight; kind <= kQueen; ++kind) *out++ = (Move){(uint8_t)from, (uint8_t)to, kind, flags};
    return out;
  }
  *out++ = (Move){(uint8_t)from, (uint8_t)to, 0, flags};
  return out;
}

static Move *pawn_moves(const Position *position, int from, Move *out) {
  int forward = position->side ? -16 : 16, start = position->side ? 6 : 1, enemy = position->side ? 0 : kBlack;
  int to = from + forward;
  if (!position->board[to]) {
    out = add_pawn_move(out, from, to, 0);
    if (from >> 4 == start && !position->board[to + forward]) *out++ = (Move){(uint8_t)from, (uint8_t)(to + forward), 0, 4};
  }
  for (int side = -1; side <= 1; side += 2) {
    int capture = to + side;
    if (capture & 0x88) continue;
    uint8_t piece = position->board[capture];
    if (piece && (piece & kBlack) == enemy) out = add_pawn_move(out, from, capture, 0);
    else if (capture == position->en_passant) *out++ = (Move){(uint8_t)from, (uint8_t)capture, 0, 1};
  }
  return out;
}

static Move *castling_moves(const Position *position, Move *out) {
  int home = position->side ? 0x74 : 0x04, rights = position->castling >> (position->side ? 2 : 0), enemy = !position->side;
  const uint8_t *board = position->board;
  if (!(rights & 3) || attacked(position, home, enemy)) return out;
  if ((rights & 1) && !board[home + 1] && !board[home + 2] && !attacked(position, home + 1, enemy)) *out++ = (Move){(uint8_t)home, (uint8_t)(home + 2), 0, 2};
  if ((rights & 2) && !board[home - 1] && !board[home - 2] && !board[home - 3] && !attacked(position, home - 1, enemy))
    *out++ = (Move){(uint8_t)home, (uint8_t)(home - 2), 0, 2};
  return out;
}

static NOINLINE Move *moves_of(const Position *position, Move *out) {
  int own = position->side ? kBlack : 0;
  for (int from = 0; from < 128; ++from) {
    if (from & 0x88) {
      from += 7;
      continue;
    }
    uint8_t piece = position->board[from];
    if (!piece || (piece & kBlack) != own) continue;
    int kind = piece & 7;
    if (kind == kPawn) {
      out = pawn_moves(position, from, out);
      continue;
    }
    for (const int8_t *step = kSteps[kind]; *step; ++step) {
      for (int to = from + *step; !(to & 0x88); to += *step) {
        uint8_t target = position->board[to];
        if (target && (target & kBlack) == own) break;
        *out++ = (Move){(uint8_t)from, (uint8_t)to, 0, 0};
        if (target || kind == kKnight || kind == kKing) break;
      }
    }
  }
  return castling_moves(position, out);
}

static uint8_t rights_lost(int square) {
  switch (square) {
    case 0x00: return 2;
    case 0x04: return 3;
    case 0x07: return 1;
    case 0x70: return 8;
    case 0x74: return 12;
    case 0x77: return 4;
    default: return 0;
  }
}

static int play(Position *position, Move move) { /* whether the move was legal */
  uint8_t piece = position->board[move.from];
  position->board[move.from] = kEmpty;
  position->board[move.to] = move.promotion ? (uint8_t)(move.promotion | (piece & kBlack)) : piece;
  if (move.flags & 1) position->board[move.to + (position->side ? 16 : -16)] = kEmpty;
  if (move.flags & 2) {
    int king_side = move.to > move.from, rook_from = king_side ? move.to + 1 : move.to - 2, rook_to = king_side ? move.to - 1 : move.to + 1;
    position->board[rook_to] = position->board[rook_from];
    position->board[rook_from] = kEmpty;
  }
  if ((piece & 7) == kKing) position->king[position->side] = move.to;
  position->castling &= (uint8_t) ~(rights_lost(move.from) | rights_lost(move.to));
  position->en_passant = move.flags & 4 ? (uint8_t)((move.from + move.to) / 2) : kNoSquare;
  position->side ^= 1;
  return !attacked(position, position->king[position->side ^ 1], position->side);
}

static uint64_t perft(const Position *position, int depth) {
  Move moves[256], *end = moves_of(position, moves);
  uint64_t count = 0;
  for (Move *move = moves; move < end; ++move) {
    Position next = *position;
    if (!play(&next, *move)) continue;
    count += depth == 1 ? 1 : perft(&next, depth - 1);
  }
  return count;
}

int main(int argc, char **argv) {
  static const char *const kPositions[] = {"rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq -",
                                           "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq -",
                                           "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - -"};
  uint32_t rounds = scale_of(argc, argv, 6);
  uint64_t total[3] = {0};
  for (uint32_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < 3; ++i) {
      Position position;
      parse_fen(&position, kPositions[i]);
      total[i] += perft(&position, i == 0 ? 4 : i == 1 ? 3 : 4);
    }
  }
  printf("chess %llu %llu %llu\n", (unsigned long long)total[0], (unsigned long long)total[1], (unsigned long long)total[2]);
}
