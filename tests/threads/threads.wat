;; What eight threads do with one shared memory: tests/threads/threads_test.cc.
;;
;; Layout: 0 atomic counters; 64 mutex; 128 what the mutex protects; 192 queue (mutex, head, tail, not_empty, not_full);
;; 256 the queue's ring of 16 items; 4096 one byte of marks per item that went through the queue, as i32.
(module
  (import "env" "memory" (memory 2 4 shared))

  ;; --- counters: every read-modify-write, none lost ---
  (func (export "count") (param $times i32)
    (local $old i64)
    (loop $more
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 3)))
      (drop (i32.atomic.rmw8.add_u (i32.const 16) (i32.const 1)))
      (drop (i32.atomic.rmw16.add_u (i32.const 18) (i32.const 1)))
      (drop (i32.atomic.rmw.xor (i32.const 20) (i32.const 0x5A5A5A5A)))
      ;; compare and exchange until it was this thread's turn
      (loop $retry
        (local.set $old (i64.atomic.load (i32.const 24)))
        (br_if $retry (i64.ne (local.get $old)
          (i64.atomic.rmw.cmpxchg (i32.const 24) (local.get $old) (i64.add (local.get $old) (i64.const 7))))))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $more (local.get $times))))

  ;; --- a mutex: 0 free, 1 held, 2 held and somebody waits ---
  (func $lock (param $mutex i32)
    (local $was i32)
    (local.set $was (i32.atomic.rmw.cmpxchg (local.get $mutex) (i32.const 0) (i32.const 1)))
    (block $mine
      (br_if $mine (i32.eqz (local.get $was)))
      (if (i32.ne (local.get $was) (i32.const 2))
        (then (local.set $was (i32.atomic.rmw.xchg (local.get $mutex) (i32.const 2)))))
      (loop $more
        (br_if $mine (i32.eqz (local.get $was)))
        (drop (memory.atomic.wait32 (local.get $mutex) (i32.const 2) (i64.const -1)))
        (local.set $was (i32.atomic.rmw.xchg (local.get $mutex) (i32.const 2)))
        (br $more))))
  (func $unlock (param $mutex i32)
    (if (i32.ne (i32.atomic.rmw.sub (local.get $mutex) (i32.const 1)) (i32.const 1))
      (then
        (i32.atomic.store (local.get $mutex) (i32.const 0))
        (drop (memory.atomic.notify (local.get $mutex) (i32.const 1))))))

  ;; Plain loads and stores: only the mutex keeps them apart. Keeps a sum of halves beside the count.
  (func (export "count_under_mutex") (param $times i32)
    (loop $more
      (call $lock (i32.const 64))
      (i32.store (i32.const 128) (i32.add (i32.load (i32.const 128)) (i32.const 1)))
      (i64.store (i32.const 136) (i64.add (i64.load (i32.const 136)) (i64.const 0x1_0000_0001)))
      (call $unlock (i32.const 64))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $more (local.get $times))))

  ;; --- a bounded queue of 16: mutex 192, head 196 (next to take), tail 200 (next to fill), not_empty 204, not_full 208 ---
  ;; Waits until `condition` changes, without the mutex; takes it again.
  (func $wait (param $condition i32)
    (local $seen i32)
    (local.set $seen (i32.atomic.load (local.get $condition)))
    (call $unlock (i32.const 192))
    (drop (memory.atomic.wait32 (local.get $condition) (local.get $seen) (i64.const -1)))
    (call $lock (i32.const 192)))
  (func $signal (param $condition i32)
    (drop (i32.atomic.rmw.add (local.get $condition) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $condition) (i32.const 1))))
  (func $push (param $item i32)
    (call $lock (i32.const 192))
    (block $room
      (loop $more
        (br_if $room (i32.lt_u (i32.sub (i32.load (i32.const 200)) (i32.load (i32.const 196))) (i32.const 16)))
        (call $wait (i32.const 208))
        (br $more)))
    (i32.store offset=256 (i32.shl (i32.and (i32.load (i32.const 200)) (i32.const 15)) (i32.const 2)) (local.get $item))
    (i32.store (i32.const 200) (i32.add (i32.load (i32.const 200)) (i32.const 1)))
    (call $signal (i32.const 204))
    (call $unlock (i32.const 192)))
  (func $pop (result i32)
    (local $item i32)
    (call $lock (i32.const 192))
    (block $some
      (loop $more
        (br_if $some (i32.ne (i32.load (i32.const 200)) (i32.load (i32.const 196))))
        (call $wait (i32.const 204))
        (br $more)))
    (local.set $item
      (i32.load offset=256 (i32.shl (i32.and (i32.load (i32.const 196)) (i32.const 15)) (i32.const 2))))
    (i32.store (i32.const 196) (i32.add (i32.load (i32.const 196)) (i32.const 1)))
    (call $signal (i32.const 208))
    (call $unlock (i32.const 192))
    (local.get $item))
  (func (export "produce") (param $first i32) (param $count i32)
    (loop $more
      (call $push (local.get $first))
      (local.set $first (i32.add (local.get $first) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (local.get $count))))
  ;; Marks each item once; the sum of the items.
  (func (export "consume") (param $count i32) (result i64)
    (local $item i32) (local $sum i64)
    (loop $more
      (local.set $item (call $pop))
      (drop (i32.atomic.rmw.add offset=4096 (i32.shl (local.get $item) (i32.const 2)) (i32.const 1)))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $item))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (local.get $count)))
    (local.get $sum))

  ;; --- a barrier: all of `threads` come, then all go; `rounds` times. Generation at 224, arrived at 228 ---
  (func (export "barriers") (param $threads i32) (param $rounds i32) (result i32)
    (local $generation i32) (local $wrong i32)
    (loop $more
      (local.set $generation (i32.atomic.load (i32.const 224)))
      (drop (i32.atomic.rmw.add (i32.const 232) (i32.const 1)))
      (if (i32.eq (i32.atomic.rmw.add (i32.const 228) (i32.const 1)) (i32.sub (local.get $threads) (i32.const 1)))
        (then
          (i32.atomic.store (i32.const 228) (i32.const 0))
          (drop (i32.atomic.rmw.add (i32.const 224) (i32.const 1)))
          (drop (memory.atomic.notify (i32.const 224) (i32.const -1))))
        (else
          (loop $wait
            (if (i32.eq (i32.atomic.load (i32.const 224)) (local.get $generation))
              (then
                (drop (memory.atomic.wait32 (i32.const 224) (local.get $generation) (i64.const -1)))
                (br $wait))))))
      ;; Past barrier number g, at least threads * g visits happened.
      (if (i32.lt_u (i32.atomic.load (i32.const 232))
                    (i32.mul (local.get $threads) (i32.add (local.get $generation) (i32.const 1))))
        (then (local.set $wrong (i32.add (local.get $wrong) (i32.const 1)))))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $more (local.get $rounds)))
    (local.get $wrong))

  ;; --- growth while others run: the new page can be used at once, by whoever saw the size ---
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "touch_end") (param $times i32) (result i32)
    (local $pages i32) (local $smaller i32)
    (loop $more
      (if (i32.lt_u (memory.size) (local.get $pages))
        (then (local.set $smaller (i32.add (local.get $smaller) (i32.const 1)))))
      (local.set $pages (memory.size))
      (drop (i32.atomic.rmw.add
        (i32.sub (i32.mul (local.get $pages) (i32.const 65536)) (i32.const 4)) (i32.const 1)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $more (local.get $times)))
    (local.get $smaller))
)
