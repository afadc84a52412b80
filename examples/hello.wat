;; The smallest useful guest: prints one line through WASI's fd_write.
;;   ./dev run examples/hello.wat
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $nwritten i32) (result i32)))

  ;; WASI reads its arguments from the guest's memory, so the memory has to be exported under this name.
  (memory (export "memory") 1)
  (data (i32.const 16) "Hello from Arris!\n")

  (func (export "_start")
    ;; One iovec at address 0: where the text starts, and its length.
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 18))
    ;; File descriptor 1 is standard output; the number of bytes written goes to address 8. An errno other than 0 traps.
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
      (then unreachable))))
