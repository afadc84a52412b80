;; Programs that allocate: what tests/gc/gc_test.cc runs.
(module
  ;; 64 bytes with its header.
  (type $record (struct (field $a (mut i64)) (field $b i64) (field i64 i64 i64 i64 i64)))
  (type $node (struct (field $next (ref null $node)) (field $value i32)))
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))
  (type $bytes (array (mut i8)))
  (type $refs (array (mut anyref)))
  (type $boxed (struct (field $value (mut i32))))

  (table $recent 1024 (ref null $record))
  (global $list (mut (ref null $node)) (ref.null $node))
  (global $tree (mut (ref null $tree)) (ref.null $tree))
  (global $kept (mut anyref) (ref.null any))

  ;; Makes `count` records; the last 1024 stay alive in a table, where each is checked when it is pushed out.
  ;; Returns how many of them were damaged.
  (func (export "churn") (param $count i64) (result i64)
    (local $i i64) (local $damaged i64) (local $slot i32) (local $old (ref null $record))
    (table.fill $recent (i32.const 0) (ref.null $record) (i32.const 1024))
    (loop $more
      (local.set $slot (i32.and (i32.wrap_i64 (local.get $i)) (i32.const 1023)))
      (local.set $old (table.get $recent (local.get $slot)))
      (if (i32.eqz (ref.is_null (local.get $old)))
        (then
          (if (i64.ne (struct.get $record $a (local.get $old)) (i64.sub (local.get $i) (i64.const 1024)))
            (then (local.set $damaged (i64.add (local.get $damaged) (i64.const 1)))))
          (if (i64.ne (struct.get $record 6 (local.get $old)) (i64.const 7))
            (then (local.set $damaged (i64.add (local.get $damaged) (i64.const 1)))))))
      (table.set $recent (local.get $slot)
        (struct.new $record (local.get $i) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $more (i64.lt_u (local.get $i) (local.get $count))))
    (local.get $damaged))

  ;; Byte arrays of changing length, from none to 128 KiB: every size class and large objects. Returns damaged ones.
  (func (export "churn_arrays") (param $count i32) (result i32)
    (local $i i32) (local $length i32) (local $damaged i32) (local $seed i32) (local $old (ref null $bytes))
    (local $new (ref $bytes))
    (loop $more
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $length
        (i32.shr_u (i32.const 131072) (i32.and (i32.shr_u (local.get $seed) (i32.const 16)) (i32.const 31))))
      (local.set $new (array.new $bytes (local.get $i) (local.get $length)))
      (if (i32.eqz (ref.is_null (local.get $old)))
        (then
          (if (array.len (local.get $old))
            (then
              (if (i32.ne
                    (array.get_u $bytes (local.get $old) (i32.sub (array.len (local.get $old)) (i32.const 1)))
                    (i32.and (i32.sub (local.get $i) (i32.const 1)) (i32.const 255)))
                (then (local.set $damaged (i32.add (local.get $damaged) (i32.const 1)))))))))
      (local.set $old (local.get $new))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $count))))
    (local.get $damaged))

  (func (export "make_list") (param $length i32)
    (local $i i32)
    (global.set $list (ref.null $node))
    (loop $more
      (global.set $list (struct.new $node (global.get $list) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (local.get $length)))))
  ;; How many nodes, following $next, hold the value that make_list gave them.
  (func (export "good_nodes") (param $length i32) (result i32)
    (local $node (ref null $node)) (local $good i32)
    (local.set $node (global.get $list))
    (block $end
      (loop $more
        (br_if $end (ref.is_null (local.get $node)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br_if $end (i32.ne (struct.get $node $value (local.get $node)) (local.get $length)))
        (local.set $good (i32.add (local.get $good) (i32.const 1)))
        (local.set $node (struct.get $node $next (local.get $node)))
        (br $more)))
    (local.get $good))
  (func (export "drop_list") (global.set $list (ref.null $node)))

  ;; A tree of this depth: each level has a leaf beside it, on the left and on the right by turns.
  (func (export "make_tree") (param $depth i32)
    (local $leaf (ref $tree)) (local $tree (ref $tree))
    (local.set $tree (struct.new_default $tree))
    (loop $more
      (local.set $leaf (struct.new_default $tree))
      (if (i32.and (local.get $depth) (i32.const 1))
        (then (local.set $tree (struct.new $tree (local.get $leaf) (local.get $tree))))
        (else (local.set $tree (struct.new $tree (local.get $tree) (local.get $leaf)))))
      (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
      (br_if $more (local.get $depth)))
    (global.set $tree (local.get $tree)))
  ;; The number of levels that have both children.
  (func (export "tree_depth") (result i32)
    (local $tree (ref $tree)) (local $left (ref $tree)) (local $right (ref $tree)) (local $depth i32)
    (local.set $tree (ref.as_non_null (global.get $tree)))
    (block $end
      (loop $more
        (local.set $left (br_on_null $end (struct.get $tree $left (local.get $tree))))
        (local.set $right (br_on_null $end (struct.get $tree $right (local.get $tree))))
        (local.set $tree
          (if (result (ref $tree)) (ref.is_null (struct.get $tree $left (local.get $left)))
            (then (local.get $right)) (else (local.get $left))))
        (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
        (br $more)))
    (local.get $depth))

  ;; An array of `width` references, each to a list of `length` boxes linked through arrays of two: the widest mark stack.
  (func (export "make_wide") (param $width i32) (param $length i32)
    (local $all (ref $refs)) (local $i i32) (local $j i32) (local $chain anyref)
    (local.set $all (array.new_default $refs (local.get $width)))
    (global.set $kept (local.get $all))
    (loop $next
      (local.set $j (local.get $length))
      (local.set $chain (ref.i31 (local.get $i)))
      (loop $longer
        (local.set $chain (array.new_fixed $refs 2 (struct.new $boxed (local.get $j)) (local.get $chain)))
        (local.set $j (i32.sub (local.get $j) (i32.const 1)))
        (br_if $longer (local.get $j)))
      (array.set $refs (local.get $all) (local.get $i) (local.get $chain))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $width)))))
  (func (export "wide_sum") (result i64)
    (local $all (ref $refs)) (local $i i32) (local $chain (ref $refs)) (local $sum i64)
    (local.set $all (ref.cast (ref $refs) (global.get $kept)))
    (loop $next
      (local.set $chain (ref.cast (ref $refs) (array.get $refs (local.get $all) (local.get $i))))
      (block $end (result anyref)
        (loop $more
          (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
            (struct.get $boxed $value (ref.cast (ref $boxed) (array.get $refs (local.get $chain) (i32.const 0)))))))
          (local.set $chain (br_on_cast_fail $end anyref (ref $refs)
            (array.get $refs (local.get $chain) (i32.const 1))))
          (br $more))
        (unreachable))
      (drop)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (array.len (local.get $all)))))
    (local.get $sum))

  (func (export "box") (param i32) (result anyref) (struct.new $boxed (local.get 0)))
  (func (export "unbox") (param anyref) (result i32) (struct.get $boxed $value (ref.cast (ref $boxed) (local.get 0))))
  (func (export "set_box") (param anyref i32) (struct.set $boxed $value (ref.cast (ref $boxed) (local.get 0)) (local.get 1)))

  ;; Keeps whatever it makes until the heap is full.
  (func (export "fill_heap")
    (loop $more
      (global.set $list (struct.new $node (global.get $list) (i32.const 1)))
      (br $more)))
  (func (export "fill_heap_with_arrays")
    (local $last anyref)
    (loop $more
      (local.set $last (array.new_fixed $refs 2 (local.get $last) (array.new_default $bytes (i32.const 100000))))
      (br $more)))
  (func (export "huge_array") (result i32) (array.len (array.new_default $refs (i32.const -1))))

  ;; Exceptions are heap objects, too: their payload has to survive between throw and catch.
  (tag $thrown (param (ref $boxed)))
  (func $throw (param $i i32) (throw $thrown (struct.new $boxed (local.get $i))))
  (func (export "exceptions") (param $count i32) (result i32)
    (local $sum i32)
    (loop $more
      (block $caught (result (ref $boxed))
        (try_table (catch $thrown $caught) (call $throw (local.get $count)))
        (unreachable))
      (struct.get $boxed $value)
      (local.set $sum (i32.add (local.get $sum)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (local.get $count)))
    (local.get $sum))

  ;; Holds an object only in a frame's local while a call below it fills and collects the heap.
  (func $deep (export "deep_roots") (param $depth i32) (result i32)
    (local $mine (ref $boxed)) (local $below i32)
    (local.set $mine (struct.new $boxed (local.get $depth)))
    (if (local.get $depth)
      (then (local.set $below (call $deep (i32.sub (local.get $depth) (i32.const 1)))))
      (else (drop (call $churn_here (i32.const 200000)))))
    (i32.add (local.get $below) (i32.ne (struct.get $boxed $value (local.get $mine)) (local.get $depth))))
  (func $churn_here (param $count i32) (result i32)
    (loop $more
      (drop (struct.new $record (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1)
        (i64.const -1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (local.get $count)))
    (i32.const 0))

  (func (export "_start") (call $fill))
  (func $fill
    (loop $more
      (global.set $list (struct.new $node (global.get $list) (i32.const 1)))
      (br $more))))
