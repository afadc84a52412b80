;; Recursion without end in every call form: tests/exhaustion/exhaustion_test.cc.
(module
  (type $void (func))
  (import "host" "reenter" (func $reenter))
  (import "host" "reenter_depth" (func $reenter_depth (param i32) (result i32)))
  (table $table funcref (elem $indirect_self $host_indirect))
  (elem declare func $ref_self $wide_frame)
  (tag $deep)

  ;; --- forms of endless recursion ---
  (func $direct (export "direct") (call $direct))
  (func $not_tail (export "with_result") (result i32) (i32.add (call $not_tail) (i32.const 1)))
  (func $indirect_self (export "indirect") (call_indirect (type $void) (i32.const 0)))
  (func $ref_self (export "by_reference") (call_ref $void (ref.func $ref_self)))
  (func $ping (export "mutual") (call $pong (i32.const 1)))
  (func $pong (param i32) (call $pang (local.get 0) (i64.const 2)))
  (func $pang (param i32 i64) (call $ping))
  (func $arguments (export "arguments") (param i64 f64 v128 funcref) (result f64)
    (f64.add (local.get 1) (call $arguments (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
  (func (export "call_arguments") (result f64) (call $arguments (i64.const 1) (f64.const 2) (v128.const i64x2 3 4) (ref.null func)))
  ;; Calls and tail calls by turns: the stack grows at every second step.
  (func $half (export "half_tail") (call $other_half))
  (func $other_half (return_call $half))
  (func $many_results (export "many_results") (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (call $many_results))
  ;; A tail call to a callee with many more arguments than its caller has room for.
  (func $small (export "growing_tail") (call $small_2))
  (func $small_2 (return_call $large (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
                                     (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12)))
  (func $large (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (call $small))
  (func $wide_frame (export "wide_frame")
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (call $wide_frame))
  ;; A try_table cannot catch exhaustion.
  (func $in_try (export "in_try") (block $caught (try_table (catch_all $caught) (call $in_try))))
  ;; Through the host: each level is a host function that calls this again.
  (func $host (export "through_host") (call $reenter))
  (func $host_indirect (export "through_host_indirect") (call_indirect (type $void) (i32.const 1)) (call $reenter))
  ;; An exception thrown at whatever depth it is thrown unwinds all of it.
  (func $thrower (param $n i32)
    (if (i32.eqz (local.get $n)) (then (throw $deep)))
    (call $thrower (i32.sub (local.get $n) (i32.const 1))))
  (func (export "unwind") (param $n i32) (result i32)
    (block $caught
      (try_table (catch $deep $caught) (call $thrower (local.get $n)))
      (return (i32.const 0)))
    (i32.const 1))

  ;; --- from any depth: goes down `n` frames of changing size, then calls function `which` of the table of forms ---
  (type $form (func))
  (table $forms (ref null $form)
    (elem (ref.func $direct) (ref.func $indirect_self) (ref.func $ref_self) (ref.func $ping) (ref.func $half) (ref.func $small)
          (ref.func $wide_frame) (ref.func $in_try) (ref.func $host)))
  (func $down (export "down") (param $n i32) (param $which i32)
    (if (i32.eqz (local.get $n)) (then (call_indirect $forms (type $form) (local.get $which)) (return)))
    (if (i32.and (local.get $n) (i32.const 1))
      (then (call $down_wide (i32.sub (local.get $n) (i32.const 1)) (local.get $which)))
      (else (call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $which)))))
  (func $down_wide (param $n i32) (param $which i32)
    (local i64 i64 i64)
    (call $down (local.get $n) (local.get $which)))
  ;; One frame of a fixed size below the caller's, then a leaf: fits or does not, by the byte.
  (func $count_down (export "count_down") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (i32.add (i32.const 1) (call $count_down (i32.sub (local.get $n) (i32.const 1)))))
  ;; The same with every level going through the host.
  (func (export "count_down_host") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (i32.add (i32.const 1) (call $reenter_depth (i32.sub (local.get $n) (i32.const 1)))))
)
