;; wasi-threads: what a spawned thread does is told by its argument. For threads.py.
(module
  (import "env" "memory" (memory 1 10 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (data (i32.const 2000) "\d8\07\00\00\07\00\00\00thread\n")

  (func $spin (loop (br 0)))
  (func $count (result i32) (i32.atomic.load (i32.const 0)))
  ;; Announces itself in the counter at 0, does as it is told, announces its end in the counter at 4.
  (func (export "wasi_thread_start") (param $tid i32) (param $what i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const -1)))
    (block $done
      (block $sleep
        (block $wait
          (block $spin
            (block $print
              (block $spawns
                (block $exits
                  (block $traps (br_table $done $traps $exits $spawns $print $spin $wait $sleep $done (local.get $what)))
                  (unreachable))
                (call $exit (i32.const 33)))
              (drop (call $spawn (i32.const 0)))
              (br $done))
            (drop (call $write (i32.const 1) (i32.const 2000) (i32.const 1) (i32.const 2020)))
            (br $done))
          (call $spin))
        (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))
      (i32.store (i32.const 1016) (i32.const 1))
      (i64.store (i32.const 1024) (i64.const 0x1000000000000000))
      (drop (call $poll (i32.const 1000) (i32.const 1100) (i32.const 1) (i32.const 1200))))
    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 4) (i32.const -1))))

  ;; Until the counter at $counter is $many.
  (func $await (param $counter i32) (param $many i32) (local $now i32)
    (loop $again
      (local.set $now (i32.atomic.load (local.get $counter)))
      (if (i32.lt_u (local.get $now) (local.get $many))
        (then (drop (memory.atomic.wait32 (local.get $counter) (local.get $now) (i64.const -1))) (br $again)))))

  (func (export "spawn") (param $what i32) (result i32) (call $spawn (local.get $what)))
  ;; Spawns $many that spin; the result of one more.
  (func (export "one_too_many") (param $many i32) (result i32) (local $i i32)
    (loop $l
      (if (i32.lt_u (local.get $i) (local.get $many))
        (then (if (i32.le_s (call $spawn (i32.const 5)) (i32.const 0)) (then unreachable))
              (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))))
    (call $await (i32.const 0) (local.get $many))
    (call $spawn (i32.const 5)))
  ;; $many threads that do $what, one after the other: the place of one that ended is free again. Gives how many ran.
  (func (export "one_by_one") (param $many i32) (param $what i32) (result i32) (local $i i32)
    (loop $l
      (if (i32.lt_u (local.get $i) (local.get $many))
        (then
          (if (i32.gt_s (call $spawn (local.get $what)) (i32.const 0))
            (then (local.set $i (i32.add (local.get $i) (i32.const 1)))
                  (call $await (i32.const 4) (local.get $i))))
          (br $l))))
    (call $count))
  ;; One that spins, one that waits, one that sleeps and one that does $what; then the first does $first: 0 returns, 1 spins,
  ;; 2 waits.
  (func (export "company") (param $what i32) (param $first i32)
    (drop (call $spawn (i32.const 5)))
    (drop (call $spawn (i32.const 6)))
    (drop (call $spawn (i32.const 7)))
    (call $await (i32.const 0) (i32.const 3))
    (drop (call $spawn (local.get $what)))
    (if (i32.eq (local.get $first) (i32.const 1)) (then (call $spin)))
    (if (i32.eq (local.get $first) (i32.const 2)) (then (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1)))))))
