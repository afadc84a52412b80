(module $spin
  (func $add (param i32 i32) (result i32)
    (i32.add (local.get 0) (i32.mul (local.get 1) (i32.const 3))))
  (func $work (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call $add (local.get $sum) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "run") (param i32) (result i32) (call $work (local.get 0))))
