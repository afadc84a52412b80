// exec/: what short sequences of instructions cost, per sequence; the loop around 32 of them is included.
#include "bench/micro/fixture.h"

namespace arris::bench {
namespace {

constexpr int kCopies = 32;

struct Row {
  const char* name;
  const char* sequence;
  const char* fields = "";
};

constexpr const char* kLocals =
    "(local $a i32) (local $b i32) (local $l i64) (local $x f64) (local $y f64) (local $v v128) (local $w v128)";
constexpr const char* kMemory = "(memory 2)";

constexpr Row kRows[] = {
    // Dispatch.
    {"exec/nop", "nop"},
    {"exec/get_drop", "(drop (local.get $a))"},
    {"exec/copy_local", "(local.set $a (local.get $b))"},
    {"exec/add_const", "(local.set $a (i32.add (local.get $a) (i32.const 7)))"},
    {"exec/add_locals", "(local.set $a (i32.add (local.get $a) (local.get $b)))"},
    {"exec/stack_only", "i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.add i32.xor i32.sub drop"},
    {"exec/long_const", "(local.set $l (i64.add (local.get $l) (i64.const 0x123456789abcdef)))"},
    {"exec/rotate", "(local.set $l (i64.rotl (local.get $l) (i64.const 13)))"},
    {"exec/divide", "(local.set $a (i32.div_u (local.get $n) (i32.const 7)))"},
    {"exec/f64_multiply_add", "(local.set $x (f64.add (f64.mul (local.get $x) (local.get $y)) (f64.const 1.5)))"},
    {"exec/convert", "(local.set $x (f64.convert_i32_s (local.get $a)))"},
    {"exec/select", "(local.set $a (select (local.get $a) (local.get $b) (local.get $n)))"},
    // Branches.
    {"exec/br_if_not_taken", "(block (br_if 0 (i32.eqz (local.get $n))))"},
    {"exec/br_if_taken", "(block (br_if 0 (local.get $n)))"},
    {"exec/if_else",
     "(if (i32.and (local.get $n) (i32.const 1)) (then (local.set $a (i32.const 1))) (else (local.set $b (i32.const "
     "2))))"},
    {"exec/br_table", "(block (block (block (block (br_table 0 1 2 3 (i32.and (local.get $n) (i32.const 3)))))))"},
    // Memory.
    {"exec/load", "(local.set $a (i32.load offset=64 (local.get $b)))", kMemory},
    {"exec/load_dependent", "(local.set $a (i32.load offset=64 (local.get $a)))", kMemory},
    {"exec/store", "(i32.store offset=64 (local.get $b) (local.get $n))", kMemory},
    {"exec/load_byte", "(local.set $a (i32.load8_u offset=3 (local.get $b)))", kMemory},
    {"exec/copy_16", "(memory.copy (i32.const 1024) (i32.const 2048) (i32.const 16))", kMemory},
    {"exec/copy_64k", "(memory.copy (i32.const 65536) (i32.const 0) (i32.const 65536))", kMemory},
    {"exec/global", "(global.set $g (i32.add (global.get $g) (i32.const 1)))", "(global $g (mut i32) (i32.const 0))"},
    {"exec/table_get", "(drop (table.get $t (i32.const 1)))", "(table $t 4 funcref)"},
    // Vectors.
    {"exec/i32x4_add", "(local.set $v (i32x4.add (local.get $v) (local.get $w)))"},
    {"exec/f32x4_multiply", "(local.set $v (f32x4.mul (local.get $v) (local.get $w)))"},
    {"exec/v128_load_store", "(v128.store offset=64 (local.get $b) (v128.load offset=128 (local.get $b)))", kMemory},
    {"exec/i8x16_shuffle",
     "(local.set $v (i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 (local.get $v) (local.get $w)))"},
    // Garbage collection and exceptions.
    {"exec/struct_new", "(drop (struct.new $s (local.get $n) (local.get $n)))",
     "(type $s (struct (field i32) (field i32)))"},
    {"exec/struct_get", "(drop (struct.get $s 0 (ref.cast (ref $s) (global.get $o))))",
     "(type $s (struct (field i32))) (global $o (ref null any) (struct.new $s (i32.const 1)))"},
    {"exec/i31", "(drop (i31.get_s (ref.i31 (local.get $n))))"},
    {"exec/throw_catch",
     "(block $caught (result i32) (try_table (catch $e $caught) (throw $e (local.get $n))) unreachable) drop",
     "(tag $e (param i32))"},
};

void run(benchmark::State& state, const Row& row) {
  Fixture fixture(loop_module(row.fields, kLocals, repeat(std::string(row.sequence) + "\n", kCopies)));
  run_loop(state, fixture, kCopies);
}

void empty_loop(benchmark::State& state) {
  Fixture fixture(loop_module("", "", ""));
  run_loop(state, fixture, 1);
}

}  // namespace

void register_exec_benchmarks() {
  benchmark::RegisterBenchmark("exec/empty_loop", empty_loop);
  for (const Row& row : kRows) benchmark::RegisterBenchmark(row.name, [&row](benchmark::State& s) { run(s, row); });
}

}  // namespace arris::bench
