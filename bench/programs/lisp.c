/* larger program: a small Lisp. A reader and a plain evaluator over cons cells with lexical closures and a mark-and-sweep
 * collector, running queens, primes and a tree sort written in Lisp. */
#include "bench.h"

typedef enum { kNil, kInteger, kSymbol, kCell, kBuiltin, kLambda } Type;
typedef struct Object Object;
typedef Object *Builtin(Object *arguments);
struct Object {
  uint8_t type, marked;
  union {
    int64_t integer;
    struct {
      const char *name;
      Object *value; /* global binding */
    } symbol;
    struct {
      Object *head, *tail; /* a lambda: parameters and body with its environment behind them */
    } cell;
    Builtin *builtin;
  } as;
};

/* --- heap: blocks of objects, a free list, roots on an explicit stack --- */

enum { kBlock = 8192, kRoots = 65536 };
typedef struct Block Block;
struct Block {
  Block *previous;
  Object objects[kBlock];
};
static Block *blocks;
static Object *free_list;
static uint32_t free_count, collections;
static Object **roots[kRoots];
static uint32_t root_count;
static Object nil_object = {kNil, 1, {0}}, *const nil = &nil_object;
static Object *symbols; /* list of all symbols */
static Object *truth, *quote, *if_symbol, *lambda, *define, *let;

#define PROTECT(variable) (roots[root_count++] = &(variable))

static void mark(Object *object) {
  while (!object->marked) {
    object->marked = 1;
    if (object->type == kSymbol) {
      object = object->as.symbol.value ? object->as.symbol.value : nil;
    } else if (object->type == kCell || object->type == kLambda) {
      mark(object->as.cell.head);
      object = object->as.cell.tail;
    }
  }
}

static void sweep(void) {
  free_list = NULL, free_count = 0;
  for (Block *block = blocks; block; block = block->previous) {
    for (int i = 0; i < kBlock; ++i) {
      Object *object = &block->objects[i];
      if (object->marked) {
        object->marked = 0;
        continue;
      }
      object->type = kCell, object->as.cell.tail = free_list, free_list = object;
      ++free_count;
    }
  }
}

static void collect(void) {
  ++collections;
  mark(symbols);
  for (uint32_t i = 0; i < root_count; ++i)
    if (*roots[i]) mark(*roots[i]);
  sweep();
  if (free_count > kBlock / 2) return;
  Block *block = must(malloc(sizeof *block));
  block->previous = blocks, blocks = block;
  for (int i = 0; i < kBlock; ++i) {
    block->objects[i] = (Object){kCell, 0, {.cell = {nil, free_list}}};
    free_list = &block->objects[i], ++free_count;
  }
}

static Object *new_object(Type type) {
  if (!free_list) collect();
  Object *object = free_list;
  free_list = object->as.cell.tail, --free_count;
  object->type = (uint8_t)type, object->marked = 0;
  return object;
}

static Object *cons(Object *head, Object *tail) {
  uint32_t roots_before = root_count;
  PROTECT(head), PROTECT(tail);
  Object *cell = new_object(kCell);
  cell->as.cell.head = head, cell->as.cell.tail = tail;
  root_count = roots_before;
  return cell;
}

static Object *integer(int64_t value) {
  Object *object = new_object(kInteger);
  object->as.integer = value;
  return object;
}

static Object *head(Object *o) { return o->type == kCell ? o->as.cell.head : nil; }
static Object *tail(Object *o) { return o->type == kCell ? o->as.cell.tail : nil; }
static int64_t number(Object *o) { return o->type == kInteger ? o->as.integer : 0; }

static Object *intern(const char *name, size_t length) {
  for (Object *list = symbols; list != nil; list = tail(list)) {
    const char *known = head(list)->as.symbol.name;
    if (strlen(known) == length && memcmp(known, name, length) == 0) return head(list);
  }
  char *copy = must(malloc(length + 1));
  memcpy(copy, name, length), copy[length] = 0;
  Object *symbol = new_object(kSymbol);
  symbol->as.symbol.name = copy, symbol->as.symbol.value = NULL;
  symbols = cons(symbol, symbols);
  return symbol;
}

/* --- reader --- */

static const char *source;

static void skip_space(void) {
  while (*source == ' ' || *source == '\n' || *source == ';') {
    if (*source == ';') while (*source && *source != '\n') ++source;
    else ++source;
  }
}

static Object *read(void);

static Object *read_list(void) {
  skip_space();
  if (*source == ')' || !*source) return ++source, nil;
  Object *first = read();
  uint32_t roots_before = root_count;
  PROTECT(first);
  Object *rest = read_list();
  root_count = roots_before;
  return cons(first, rest);
}

static Object *read(void) {
  skip_space();
  if (*source == '(') return ++source, read_list();
  if (*source == '\'') return ++source, cons(quote, cons(read(), nil));
  const char *start = source;
  source += strcspn(source, " \n()';");
  if ((*start >= '0' && *start <= '9') || (*start == '-' && source - start > 1)) return integer(strtoll(start, NULL, 10));
  return intern(start, (size_t)(source - start));
}

/* --- evaluator: environments are association lists --- */

static Object *evaluate(Object *form, Object *environment);

static Object *look_up(Object *symbol, Object *environment) {
  for (; environment != nil; environment = environment->as.cell.tail)
    if (environment->as.cell.head->as.cell.head == symbol) return environment->as.cell.head->as.cell.tail;
  if (symbol->as.symbol.value) return symbol->as.symbol.value;
  printf("unbound %s\n", symbol->as.symbol.name);
  exit(1);
}

static Object *evaluate_list(Object *forms, Object *environment) {
  if (forms == nil) return nil;
  uint32_t roots_before = root_count;
  Object *first = NULL;
  PROTECT(first), PROTECT(forms), PROTECT(environment);
  first = evaluate(head(forms), environment);
  Object *rest = evaluate_list(tail(forms), environment);
  root_count = roots_before;
  return cons(first, rest);
}

static Object *bind(Object *parameters, Object *arguments, Object *environment) {
  uint32_t roots_before = root_count;
  PROTECT(environment), PROTECT(arguments);
  for (; parameters != nil; parameters = tail(parameters), arguments = tail(arguments))
    environment = cons(cons(head(parameters), head(arguments)), environment);
  root_count = roots_before;
  return environment;
}

static Object *evaluate_step(Object **form_io, Object **environment_io) { /* NULL: go on with the form left behind */
  Object *form = *form_io, *environment = *environment_io, *first = head(form);
  if (first == quote) return head(tail(form));
  if (first == if_symbol) {
    Object *condition = evaluate(head(tail(form)), environment);
    *form_io = head(condition != nil ? tail(tail(form)) : tail(tail(tail(form))));
    return NULL;
  }
  if (first == lambda) {
    Object *closure = cons(cons(head(tail(form)), head(tail(tail(form)))), environment);
    closure->type = kLambda;
    return closure;
  }
  if (first == define) {
    Object *value = evaluate(head(tail(tail(form))), environment);
    return head(tail(form))->as.symbol.value = value;
  }
  if (first == let) { /* (let name value body) */
    Object *value = evaluate(head(tail(tail(form))), environment), *name = head(tail(form));
    *environment_io = cons(cons(name, value), environment);
    *form_io = head(tail(tail(tail(form))));
    return NULL;
  }
  Object *function = evaluate(first, environment);
  uint32_t roots_before = root_count;
  PROTECT(function);
  Object *arguments = evaluate_list(tail(form), environment);
  root_count = roots_before;
  if (function->type == kBuiltin) {
    PROTECT(arguments);
    Object *result = function->as.builtin(arguments);
    root_count = roots_before;
    return result;
  }
  PROTECT(function);
  *environment_io = bind(function->as.cell.head->as.cell.head, arguments, function->as.cell.tail);
  *form_io = function->as.cell.head->as.cell.tail;
  root_count = roots_before;
  return NULL;
}

static Object *evaluate(Object *form, Object *environment) {
  uint32_t roots_before = root_count;
  if (root_count + 64 > kRoots) puts("too deep"), exit(1);
  PROTECT(form), PROTECT(environment);
  Object *result = NULL;
  while (!result) {
    if (form->type == kCell) result = evaluate_step(&form, &environment);
    else result = form->type == kSymbol ? look_up(form, environment) : form;
  }
  root_count = roots_before;
  return result;
}

/* --- builtins --- */

static Object *boolean(int value) { return value ? truth : nil; }
static Object *second(Object *a) { return head(tail(a)); }
static Object *add(Object *a) { return integer(number(head(a)) + number(second(a))); }
static Object *subtract(Object *a) { return integer(number(head(a)) - number(second(a))); }
static Object *multiply(Object *a) { return integer(number(head(a)) * number(second(a))); }
static Object *remainder_of(Object *a) { return integer(number(second(a)) ? number(head(a)) % number(second(a)) : 0); }
static Object *less(Object *a) { return boolean(number(head(a)) < number(second(a))); }
static Object *equal(Object *a) { return boolean(head(a) == second(a) || (head(a)->type == kInteger && second(a)->type == kInteger && number(head(a)) == number(second(a)))); }
static Object *make_pair(Object *a) { return cons(head(a), second(a)); }
static Object *head_of(Object *a) { return head(head(a)); }
static Object *tail_of(Object *a) { return tail(head(a)); }
static Object *is_nil(Object *a) { return boolean(head(a) == nil); }

static void define_builtin(const char *name, Builtin *function) {
  Object *symbol = intern(name, strlen(name)), *object = new_object(kBuiltin);
  object->as.builtin = function;
  symbol->as.symbol.value = object;
}

static const char kProgram[] =
    "(define not (lambda (x) (if x '() 't)))\n"
    "(define append (lambda (a b) (if (nil? a) b (cons (head a) (append (tail a) b)))))\n"
    "(define length (lambda (l n) (if (nil? l) n (length (tail l) (+ n 1)))))\n"
    "(define sum (lambda (l n) (if (nil? l) n (sum (tail l) (+ n (head l))))))\n"
    "; eight queens: placed is a list of columns, newest first\n"
    "(define safe (lambda (column placed distance)\n"
    "  (if (nil? placed) 't\n"
    "    (let other (head placed)\n"
    "      (if (= other column) '()\n"
    "        (if (= other (+ column distance)) '()\n"
    "          (if (= other (- column distance)) '() (safe column (tail placed) (+ distance 1)))))))))\n"
    "(define try (lambda (column size placed rows)\n"
    "  (if (= column size) 0\n"
    "    (+ (if (safe column placed 1) (queens size (cons column placed) (- rows 1)) 0)\n"
    "       (try (+ column 1) size placed rows)))))\n"
    "(define queens (lambda (size placed rows) (if (= rows 0) 1 (try 0 size placed rows))))\n"
    "; primes below n, as a list\n"
    "(define divides (lambda (n primes)\n"
    "  (if (nil? primes) '() (if (= 0 (% n (head primes))) 't (if (< n (* (head primes) (head primes))) '() (divides n (tail primes)))))))\n"
    "(define primes (lambda (n limit found) (if (= n limit) found (primes (+ n 1) limit (if (divides n found) found (append found (cons n '())))))))\n"
    "; a tree sort: (value left . right)\n"
    "(define insert (lambda (tree v)\n"
    "  (if (nil? tree) (cons v (cons '() '()))\n"
    "    (if (< v (head tree))\n"
    "      (cons (head tree) (cons (insert (head (tail tree)) v) (tail (tail tree))))\n"
    "      (cons (head tree) (cons (head (tail tree)) (insert (tail (tail tree)) v)))))))\n"
    "(define fill (lambda (tree seed n) (if (= n 0) tree (fill (insert tree seed) (% (+ (* seed 1103) 12345) 65537) (- n 1)))))\n"
    "(define flatten (lambda (tree rest) (if (nil? tree) rest (flatten (head (tail tree)) (cons (head tree) (flatten (tail (tail tree)) rest))))))\n"
    "(define weigh (lambda (l index total) (if (nil? l) total (weigh (tail l) (+ index 1) (% (+ total (* index (head l))) 1000003)))))\n"
    "(define compose (lambda (f g) (lambda (x) (f (g x)))))\n"
    "(define repeat (lambda (f n) (if (= n 1) f (compose f (repeat f (- n 1))))))\n"
    "(define round (lambda (seed)\n"
    "  (+ (+ (queens 6 '() 6) (sum (primes 2 200 '()) 0))\n"
    "     (+ (weigh (flatten (fill '() seed 250) '()) 1 0) ((repeat (lambda (x) (% (+ (* x x) seed) 9973)) 40) seed)))))\n";

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 30);
  symbols = nil;
  truth = intern("t", 1), truth->as.symbol.value = truth;
  quote = intern("quote", 5), if_symbol = intern("if", 2), lambda = intern("lambda", 6);
  define = intern("define", 6), let = intern("let", 3);
  define_builtin("+", add), define_builtin("-", subtract), define_builtin("*", multiply), define_builtin("%", remainder_of);
  define_builtin("<", less), define_builtin("=", equal), define_builtin("cons", make_pair), define_builtin("head", head_of);
  define_builtin("tail", tail_of), define_builtin("nil?", is_nil);
  source = kProgram;
  for (skip_space(); *source; skip_space()) {
    Object *form = read();
    evaluate(form, nil);
  }
  uint64_t hash = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    char text[40];
    snprintf(text, sizeof text, "(round %u)", round * 7 + 1);
    source = text;
    Object *form = read();
    hash = mix(hash, (uint64_t)number(evaluate(form, nil)));
  }
  printf("lisp %016llx %s\n", (unsigned long long)hash, collections > 3 ? "collected" : "never collected");
}
