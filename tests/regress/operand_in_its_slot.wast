;; The value of `0 | x` is x, which may lie in its slot only; it was then read from the slot of the zero below it, which nobody wrote.
;; The block has more results than registers hold, so they are in their slots behind it.
(module
  (func (export "or") (param i32) (result i32)
    i32.const 0
    (block (result i32 i32 i32 i32 i32 i32 i32 i32 i32)
      local.get 0 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i32.const 6 i32.const 7 i32.const 8 i32.const 9
      (br_if 0 (local.get 0)))
    drop drop drop drop drop drop drop drop
    i32.or)
  (func (export "add") (param i64) (result i64)
    i64.const 0
    (block (result i64 i64 i64 i64 i64 i64 i64 i64 i64)
      local.get 0 i64.const 2 i64.const 3 i64.const 4 i64.const 5 i64.const 6 i64.const 7 i64.const 8 i64.const 9
      (br_if 0 (i32.wrap_i64 (local.get 0))))
    drop drop drop drop drop drop drop drop
    i64.add)
  (func (export "and") (param i32) (result i32)
    i32.const -1
    (block (result i32 i32 i32 i32 i32 i32 i32 i32 i32)
      local.get 0 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i32.const 6 i32.const 7 i32.const 8 i32.const 9
      (br_if 0 (local.get 0)))
    drop drop drop drop drop drop drop drop
    i32.and)
  (func (export "mul") (param i32) (result i32)
    i32.const 1
    (block (result i32 i32 i32 i32 i32 i32 i32 i32 i32)
      local.get 0 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i32.const 6 i32.const 7 i32.const 8 i32.const 9
      (br_if 0 (local.get 0)))
    drop drop drop drop drop drop drop drop
    i32.mul)
  ;; Leaves what is not zero in the slots that the others use.
  (func (export "stain") (param i64) (result i64)
    local.get 0 local.get 0 local.get 0 local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
    (call $nothing)
    i64.xor i64.xor i64.xor i64.xor i64.xor i64.xor i64.xor)
  (func $nothing))
(assert_return (invoke "stain" (i64.const 0x7777777777777777)) (i64.const 0))
(assert_return (invoke "or" (i32.const 12345)) (i32.const 12345))
(assert_return (invoke "or" (i32.const 0)) (i32.const 0))
(assert_return (invoke "stain" (i64.const 0x7777777777777777)) (i64.const 0))
(assert_return (invoke "add" (i64.const -12345)) (i64.const -12345))
(assert_return (invoke "and" (i32.const 12345)) (i32.const 12345))
(assert_return (invoke "stain" (i64.const 0x7777777777777777)) (i64.const 0))
(assert_return (invoke "mul" (i32.const 12345)) (i32.const 12345))
