;; Traps with values in locals, globals and memory; imports one function that exists and one that is misspelt.
(module $crash
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_raed" (func (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (func $grow (param i32) (result i32) (i32.extend8_s (local.get 0)))
  (func (export "run") (param i32) (result i32) (call $grow (local.get 0))))
