"""The modules that the tests of the command line run, as text."""

MATH = """(module
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (global $initialized (mut i32) (i32.const 0))
  (type $unary (func (param i32) (result i32)))
  (func (export "_initialize") (global.set $initialized (i32.const 1)))
  (func (export "initialized") (result i32) (global.get $initialized))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "add64") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "two") (param f32 f64) (result f32 f64) (local.get 0) (local.get 1))
  (func (export "vector") (result v128) (v128.const i32x4 1 2 3 4))
  (func $f (export "references") (result funcref externref) (ref.func $f) (ref.null extern))
  (elem declare func $f)
  (func (export "loop") (loop (br 0)))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func (export "count") (param i32) (result i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))
  (func (export "oob") (drop (i32.load (i32.const -1))))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "unreachable") unreachable)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i32) (result i32) (table.grow $table (ref.null func) (local.get 0))))
"""

# A program that does what its first argument says: see the cases at the end.
PROGRAM = r"""(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 8) "/box/new")
  ;; print `size` bytes at `at`
  (func $print (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $size))
    (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)) (then (call $exit (i32.const 9)))))
  (func (export "_start") (local $command i32)
    (drop (call $args_sizes (i32.const 40) (i32.const 44)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (if (i32.gt_u (i32.load (i32.const 40)) (i32.const 1))
      (then (local.set $command (i32.load8_u (i32.load (i32.const 1028))))))
    ;; a: print the arguments, each ended by a zero
    (if (i32.eq (local.get $command) (i32.const 97))
      (then (call $print (i32.const 4096) (i32.load (i32.const 44)))))
    ;; e: print the environment in the same way
    (if (i32.eq (local.get $command) (i32.const 101))
      (then
        (drop (call $environ_sizes (i32.const 48) (i32.const 52)))
        (drop (call $environ (i32.const 8192) (i32.const 65536)))
        (call $print (i32.const 65536) (i32.load (i32.const 52)))))
    ;; i: copy standard input, up to 100 bytes
    (if (i32.eq (local.get $command) (i32.const 105))
      (then
        (i32.store (i32.const 0) (i32.const 20000)) (i32.store (i32.const 4) (i32.const 100))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
        (call $print (i32.const 20000) (i32.load (i32.const 32)))))
    ;; c: create "new" in the first granted folder; exit with the errno
    (if (i32.eq (local.get $command) (i32.const 99))
      (then (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 13) (i32.const 3) (i32.const 1)
                          (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 60)))))
    ;; x: exit with 7; t: trap; p: print without end
    (if (i32.eq (local.get $command) (i32.const 120)) (then (call $exit (i32.const 7))))
    (if (i32.eq (local.get $command) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $command) (i32.const 112)) (then (loop (call $print (i32.const 4096) (i32.const 4096)) (br 0))))))
"""

# Spawns threads until that fails; exits with how many there were.
SPAWNER = """(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "_start") (local $n i32)
    (block $full (loop $more
      (br_if $full (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)))
      (br_if $full (i32.eq (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100)))
      (br $more)))
    (call $exit (local.get $n))))
"""

# Four threads that spin.
SPINNERS = """(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func (export "wasi_thread_start") (param i32 i32) (loop (br 0)))
  (func (export "_start") (local $n i32)
    (loop $more
      (drop (call $spawn (i32.const 0)))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 4))))
    (loop (br 0))))
"""

IMPORTER = """(module
  (import "math" "add" (func $add (param i32 i32) (result i32)))
  (import "math" "initialized" (func $initialized (result i32)))
  (func (export "sum") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
  (func (export "ready") (result i32) (call $initialized)))
"""

MISSING = """(module (import "env" "nowhere" (func)) (import "wasi_snapshot_preview1" "fd_wrte" (func))
  (func (export "_start")))"""

SMALL_PAGES = """(module (memory 100 (pagesize 1)) (func (export "size") (result i32) (memory.size)))"""

COLLECTED = """(module (type $cell (struct (field i32)))
  (func (export "_start") (local i32)
    (loop $l (drop (struct.new $cell (local.get 0)))
      (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 200))))))"""

HOARDER = """(module (type $cell (struct (field i64) (field (ref null $cell)))) (global $all (mut (ref null $cell)) (ref.null $cell))
  (func (export "_start") (loop (global.set $all (struct.new $cell (i64.const 1) (global.get $all))) (br 0))))"""

# One export per feature that can be switched off and is seen in a module: FEATURE -> text.
FEATURES = {
    "mutable-globals": '(module (global (export "g") (mut i32) (i32.const 0)))',
    "sign-extension-operators": "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))",
    "non-trap-float-to-int": "(module (func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0))))",
    "multi-value": "(module (func (result i32 i32) (i32.const 1) (i32.const 2)))",
    "bulk-memory": "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
    "reference-types": "(module (func (result externref) (ref.null extern)))",
    "simd": "(module (func (result v128) (v128.const i64x2 1 2)))",
    "extended-const": "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
    "tail-call": "(module (func $f (return_call $f)))",
    "function-references": "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))",
    "gc": "(module (type $s (struct)) (func (result (ref $s)) (struct.new $s)))",
    "multi-memory": "(module (memory 1) (memory 1))",
    "memory64": "(module (memory i64 1))",
    "relaxed-simd": "(module (func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))",
    "exceptions": "(module (tag $e) (func (throw $e)))",
    "threads": "(module (memory 1 1 shared) (func (result i32) (i32.atomic.load (i32.const 0))))",
    "wide-arithmetic": "(module (func (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1))))",
    "custom-page-sizes": "(module (memory 1 (pagesize 1)))",
    "legacy-exceptions": "(module (tag $e) (func (try (do) (catch $e))))",
}
