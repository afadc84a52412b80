;; Loops made of tail calls, n steps each, which take no stack: tests/exhaustion/exhaustion_test.cc, or by hand, for example
;;   arris --max-stack 64KB --invoke tail_ref tests/exhaustion/tail_calls.wat 100000000
(module
  (type $step (func (param i64) (result i64)))
  (table $table funcref (elem $tail_indirect $tail_odd))
  (elem declare func $tail_ref)

  (func $tail_direct (export "tail_direct") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 42))))
    (return_call $tail_direct (i64.sub (local.get 0) (i64.const 1))))
  (func $tail_indirect (export "tail_indirect") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 43))))
    (return_call_indirect (type $step) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))
  (func $tail_ref (export "tail_ref") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 44))))
    (return_call_ref $step (i64.sub (local.get 0) (i64.const 1)) (ref.func $tail_ref)))
  (func $tail_even (export "tail_mutual") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 45))))
    (return_call_indirect (type $step) (i64.sub (local.get 0) (i64.const 1)) (i32.const 1)))
  ;; Between functions of different frame sizes.
  (func $tail_odd (param i64) (result i64)
    (local v128 i64 i64 i64 i64)
    (return_call $tail_wide (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (local.get 0)))
  (func $tail_wide (param i64 i64 i64 i64 i64 i64) (result i64)
    (if (i64.eqz (local.get 5)) (then (return (i64.const 46))))
    (return_call $tail_even (i64.sub (local.get 5) (i64.const 1))))
)
