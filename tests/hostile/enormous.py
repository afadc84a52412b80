#!/usr/bin/env python3
"""Lying and enormous modules: enormous.py ARRIS SCALE {lies|depth|size|compiled}

lies   counts and lengths that the bytes do not bear out, and limits: refused at once, without memory
depth  nesting of 10^6 and more, in both formats
size   modules of 20 MB, of 10^5 functions, of 10^6 imports: they load and run
compiled  functions that are enormous in one respect, compiled to machine code and run"""
import os
import sys

import runner
from wasm_bytes import END, I32, VOID_TYPE, body, function_module, module, name, s, section, u, vec

HUGE = 0xFFFFFFFF
count = 0


def check(what, data, expect=None, code=None, command=("validate",), arguments=(), cpu=2.0, rss=128 << 20, prints=None, file="case"):
    """`expect` is in the first line of stderr; without it the module has to be fine."""
    global count
    count += 1
    with open(file, "wb") as out:
        for piece in [data] if isinstance(data, bytes) else data:
            out.write(piece)
    size = os.path.getsize(file)
    ended = runner.run([*command, file, *arguments], cpu_bound=cpu)
    wanted = code if code is not None else (1 if expect else 0)
    before = len(runner.failures)
    runner.judge(what, ended, cpu_bound=cpu, rss_bound=rss + 12 * size)
    if len(runner.failures) == before:
        if ended.code != wanted:
            runner.fail(f"{what}: exit code {wanted} expected", ended)
        elif expect and not any(words in ended.stderr.split("\n", 1)[0] for words in expect.split("|")):
            runner.fail(f"{what}: the message should have: {expect}", ended)
        elif prints is not None and ended.stdout.strip() != prints:
            runner.fail(f"{what}: printed {ended.stdout[:100]!r}", ended)
    print(f"{what}: exit {ended.code}, {ended.cpu * 1000:.0f} ms, {ended.rss >> 20} MiB: {ended.stderr[:120].splitlines()[:1]}")


def wat(text):
    return text.encode()


def lies():
    out_of_bounds = "length out of bounds|unexpected end"
    check("empty file", b"", "unexpected end")
    for code in range(0, 14):
        check(f"section {code} of 1 GB", module(section(code, b"", size=1 << 30)), out_of_bounds)
        check(f"section {code} with 2^32-1 entries", module(section(code, u(HUGE))),
              "unexpected end|too many|length out of bounds|limit|count|must|malformed|unknown function")
    check("a name of 4 GB", module(section(2, vec([u(HUGE) + b"env"]))), out_of_bounds)
    check("an export name of 4 GB", module(section(7, vec([u(HUGE) + b"e"]))), out_of_bounds)
    check("a custom section's name of 4 GB", module(section(0, u(HUGE) + b"c")), out_of_bounds)
    check("a lying name section", function_module([body(b"")]) + section(0, name(b"name") + b"\x01" + u(HUGE) + u(HUGE)))
    check("2^32-1 parameters", module(section(1, vec([b"\x60" + u(HUGE)]))), "unexpected end|too many|limit|length")
    check("2^32-1 fields", module(section(1, vec([b"\x5f" + u(HUGE)]))), "unexpected end|too many|limit|length")
    check("2^32-1 types in a group", module(section(1, vec([b"\x4e" + u(HUGE)]))), "unexpected end|too many|limit|length")
    check("a body of 4 GB", module(section(1, vec([VOID_TYPE])), section(3, vec([u(0)])), section(10, vec([u(HUGE) + b"\0"]))),
          out_of_bounds + "|limit")
    check("2^32-1 functions, no body", module(section(1, vec([VOID_TYPE])), section(3, u(HUGE))), "unexpected end|limit|too many|length")
    check("2^32-1 labels", function_module([body(b"\x41\0\x0e" + u(HUGE))]), "unexpected end|limit|too many|length")
    check("2^32-1 catch clauses", function_module([body(b"\x1f\x40" + u(HUGE))]), "malformed catch clause|unexpected end")
    check("2^32-1 select types", function_module([body(b"\x1c" + u(HUGE))]), "malformed value type|unexpected end")
    check("2^32-1 local groups", function_module([u(6) + u(HUGE) + END]), "unexpected end|limit|too many|length")
    check("2^32-1 locals", function_module([body(b"", [(HUGE, I32)])]), "too many locals")
    check("2^32-1 locals twice", function_module([body(b"", [(HUGE, I32), (HUGE, I32)])]), "too many locals")
    check("50,001 locals", function_module([body(b"", [(50_001, I32)])]), "too many locals")
    many_locals = body(b"", [(50_000, I32)])
    check("50,000 locals in 10,000 functions", function_module([many_locals] * 10_000))
    check("50,000 locals in 10,000 functions, run", function_module([many_locals] * 10_000), command=("run",))
    check("50,000 locals one by one in 100 functions", function_module([body(b"", [(1, I32)] * 50_000)] * 100))
    check("50,000 named locals", wat("(module (func " + "".join(f"(local $l{i} i64)" for i in range(50_000)) + "))"))
    check("50,001 locals in text", wat("(module (func (local" + " i32" * 50_001 + ")))"), "too many locals|limit")
    recursive = function_module([body(b"\x10\0", [(50_000, I32)])])
    check("50,000 locals in an endless recursion", recursive, "call stack exhausted", code=134, command=("run",))
    element = "table size|limit|too large|table of"
    check("a table of 10^9", wat('(module (table 1000000000 funcref) (func (export "_start")))'), element, command=("run",))
    check("a table of 2^64-1", wat('(module (table i64 0xffffffffffffffff funcref) (func (export "_start")))'), element, command=("run",))
    check("table.grow by 10^9", wat('(module (table 0 funcref) (func (export "f") (result i32)'
                                    ' (table.grow (ref.null func) (i32.const 1000000000))))'),
          command=("run", "--invoke", "f"), prints="-1")
    check("2^64-1 pages", wat("(module (memory i64 0xffffffffffffffff))"), "memory size")
    check("2^48 pages", wat('(module (memory i64 0x1000000000000) (func (export "_start")))'), "memory of|limit", command=("run",))
    check("2^48 - 1 pages at most, 1 now", wat('(module (memory i64 1 0xffffffffffff) (func (export "_start")))'), command=("run",))
    check("memory.grow by 2^64-1", wat('(module (memory i64 1) (func (export "f") (result i64) (memory.grow (i64.const -1))))'),
          command=("run", "--invoke", "f"), prints="-1")
    check("100 memories of 4 GiB are only address space or refused", wat(
        "(module " + "(memory 65536)" * 100 + '(func (export "f") (result i32) (memory.size 99)))'), "limit|memory",
        command=("run", "--max-memory", "1GB", "--invoke", "f"))
    check("array.new of 2^32-1", wat('(module (type $a (array i64)) (func (export "_start")'
                                     ' (drop (array.new_default $a (i32.const -1)))))'),
          "heap exhausted", code=134, command=("run",))
    check("memory.fill of 2^32-1 bytes", wat('(module (memory 1) (func (export "_start")'
                                             ' (memory.fill (i32.const 0) (i32.const 1) (i32.const -1))))'),
          "out of bounds memory access", code=134, command=("run",))
    check("a string that never ends", wat('(module (data "' + "a" * 5_000_000), "unclosed|unterminated|unexpected|string")
    check("a token of 5 MB", wat("(module $" + "a" * 5_000_000 + ")"))
    check("a wrong token of 5 MB", wat("(module (func " + "z" * 5_000_000 + "))"), "unknown operator")
    check("an integer of 10^6 digits", wat("(module (func (drop (i32.const " + "1" * 1_000_000 + "))))"), "out of range|constant")
    check("a float of 10^6 digits", wat("(module (func (drop (f64.const 1." + "3" * 1_000_000 + "))))"))
    check("a float with an exponent of 10^6 digits", wat("(module (func (drop (f64.const 1e" + "9" * 1_000_000 + "))))"), "out of range|constant")
    check("a hexadecimal float of 10^6 digits", wat("(module (func (drop (f64.const 0x1." + "f" * 1_000_000 + "p-3))))"))
    check("labels of many results",  # every label's 1000 types against the stack
          function_module([body(b"\x02\0" * 1 + b"\x41\0" * 1001 + b"\x0e" + u(100_000) + b"\0" * 100_001 + END + b"\x1a" * 1000)],
                          types=(b"\x60\0" + vec([I32] * 1000), VOID_TYPE), func_type=1))
    check("labels of many results, by turns",
          function_module([body(b"\x02\0\x02\0" + b"\x41\0" * 1001 + b"\x0e" + u(100_000) + b"\0\1" * 50_000 + b"\0" + END + END
                                + b"\x1a" * 1000)],
                          types=(b"\x60\0" + vec([I32] * 1000), VOID_TYPE), func_type=1))
    check("br_table of 10^5", function_module([body(b"\x41\x05\x0e" + u(100_000) + b"\0" * 100_001)]), command=("run",))
    check("br_table of 10^5 in text", wat('(module (func (export "_start") (br_table' + " 0" * 100_001 + " (i32.const 99999))))"),
          command=("run",))
    check("br_table of 1,000,001 labels", function_module([body(b"\x41\x05\x0e" + u(1_000_001) + b"\0" * 1_000_002)]), "limit|too many|labels")


def depth():
    nest = "nest|depth|deep|limit"
    for n in (100_000, 999_000):
        check(f"{n} nested blocks", function_module([body(b"\x02\x40" * n + END * n)]), command=("run",))
        check(f"{n} nested ifs", function_module([body(b"\x41\x01\x04\x40" * n + END * n)]), command=("run",))
    check("999,000 nested loops left by one branch",
          function_module([body(b"\x02\x40" + b"\x03\x40" * 999_000 + b"\x0c" + u(999_000) + END * 999_001)]), command=("run",))
    check("1,100,000 nested blocks", function_module([body(b"\x02\x40" * 1_100_000 + END * 1_100_000)]), nest)
    check("2,000,000 blocks, no end", function_module([body(b"\x02\x40" * 2_000_000)]), nest + "|unexpected end|END")
    for n in (100_000, 900_000):
        check(f"{n} nested blocks in text", wat('(module (func (export "_start") ' + "block " * n + "end " * n + "))"), command=("run",))
        check(f"{n} nested folded blocks", wat('(module (func (export "_start") ' + "(block " * n + ")" * n + "))"), command=("run",))
        check(f"{n} nested folded operators",
              wat('(module (func (export "f") (result i32)' + "(i32.eqz " * n + "(i32.const 0)" + ")" * n + "))"),
              command=("run", "--invoke", "f"), prints="0")
    check("2,000,000 nested folded blocks", wat("(module (func " + "(block " * 2_000_000 + ")" * 2_000_000 + "))"), nest)
    check("5,000,000 open parentheses", wat("(" * 5_000_000), "unexpected|nest|unknown|expected")
    check("5,000,000 open parentheses in a function", wat("(module (func " + "(" * 5_000_000), "unexpected|nest|unknown|expected")
    check("1,000,000 nested comments", wat("(;" * 1_000_000 + ";)" * 1_000_000 + "(module)"))
    check("1,000,000 open comments", wat("(;" * 1_000_000), "comment|unclosed|unterminated|unexpected")
    check("1,000,000 nested annotations", wat("(@a " * 1_000_000 + ")" * 1_000_000 + "(module)"))
    check("100,000 nested try_tables", function_module([body(b"\x1f\x40\0" * 100_000 + END * 100_000)]), command=("run",))
    types = [b"\x50\0\x5f\0"] + [b"\x50\x01" + u(i) + b"\x5f\0" for i in range(100)]
    check("a chain of 100 subtypes", module(section(1, vec(types))), "depth|limit|deep")
    check("a constant expression of 10^6 operators",
          module(section(6, vec([I32 + b"\0" + b"\x41\0" + b"\x41\x01\x6a" * 1_000_000 + END]))))


def compiled():
    """What takes quadratic time or memory does not end in time, or takes gigabytes."""
    def run(what, code, locals=(), prints=None, types=(b"\x60\0\x01" + I32,)):
        check(what + ", compiled", function_module([body(code, locals)], types=types, exported=(b"f", 0)),
              command=("run", "--tier=jit", "--invoke", "f"), prints=prints, cpu=4, rss=256 << 20)

    get, tee, add = b"\x20", b"\x22", b"\x6a"
    one_local = [(1, I32)]
    # Blocks in a row, each left in the middle, which counts them.
    count = get + b"\0\x41\x01" + add + b"\x21\0"
    for n in (100_000, 300_000):
        run(f"{n} blocks in a row", (b"\x02\x40" + count + get + b"\0\x0d\0" + END) * n + get + b"\0", one_local, str(n))
        run(f"{n} loops in a row", (b"\x03\x40" + count + get + b"\0\x45\x0d\0" + END) * n + get + b"\0", one_local, str(n))
        run(f"{n} ifs in a row", (get + b"\0\x45\x04\x40" + count + b"\x05" + count + END) * n + get + b"\0", one_local, str(n))
    n = 100_000
    run("10^5 nested blocks", b"\x02\x40" * n + (count + get + b"\0\x0d\0" + END) * n + get + b"\0", one_local, "100000")
    run("10^5 nested loops", b"\x03\x40" * n + (count + END) * n + get + b"\0", one_local, "100000")
    n = 10_000
    many_locals = [(n, I32)]
    run("10^4 locals", b"".join(b"\x41" + s(i) + b"\x21" + u(i) for i in range(n)) + b"\x41\0"
        + b"".join(get + u(i) + add for i in range(n)), many_locals, str(n * (n - 1) // 2))
    run("10^4 locals and 10^4 blocks",
        b"".join(b"\x02\x40\x41\x01\x21" + u(i) + get + u(i) + b"\x0d\0" + b"\x41\x07\x21" + u(n - 1 - i) + END for i in range(n))
        + b"\x41\0" + b"".join(get + u(i) + add for i in range(n)), many_locals, str(n))
    # Operands that are constants, and ones that are not, below branches.
    run("10^4 operands", b"\x41\x01" * n + add * (n - 1), prints=str(n))
    run("10^4 operands that change", b"\x41\x01\x21\0" + (get + b"\0\x41\x01" + add + tee + b"\0") * n + add * (n - 1), one_local,
        str(n * (n + 1) // 2 + n))
    run("10^4 operands below 10^4 branches",
        (get + b"\0" + count) * n + (b"\x02\x40" + get + b"\0\x0d\0" + END) * n + add * (n - 1), one_local, str(n * (n - 1) // 2))
    n = 100_000
    run("br_table of 10^5", b"\x02\x40\x02\x40\x41\x05\x0e" + u(n) + b"\0\1" * (n // 2) + b"\0" + END + b"\x41\x07\x0f" + END
        + b"\x41\x09", prints="9")
    run("br_table of 10^5 labels", b"\x02\x40" * n + b"\x41" + s(n - 1) + b"\x0e" + u(n) + b"".join(u(i) for i in range(n)) + b"\0"
        + (END + count) * n + get + b"\0", one_local, "1")


def size():
    data = b"\0" + b"\x41\0" + END + u(20_000_000)
    memory = section(5, vec([b"\0" + u(400)]))
    check("20 MB of data", module(memory, section(11, u(1) + data + b"x" * 20_000_000)), cpu=4)
    adds = b"\x41\x01\x6a" * 700
    chain = [body(b"\x41\0" + adds)] * 10_000
    check("20 MB of code in 10,000 functions, run", function_module(chain, types=(b"\x60\0\x01" + I32,), exported=(b"f", 9_999)),
          command=("run", "--invoke", "f"), prints="700", cpu=8)
    big = body(b"\x41\0" + b"\x41\x01\x6a" * 2_500_000)
    check("3 functions of 7.5 MB", function_module([big] * 3, types=(b"\x60\0\x01" + I32,), exported=(b"f", 2)),
          command=("run", "--invoke", "f"), prints="2500000", cpu=8)
    check("a function of 8 MB", function_module([body(b"\x41\0\x1a" * 2_700_000)]), "limit|too large|size")
    n = 100_000
    counted = [body(b"\x41\x01")] + [body(b"\x10" + u(i - 1) + b"\x41\x01\x6a") for i in range(1, n)]
    calls = function_module(counted, types=(b"\x60\0\x01" + I32,), exported=(b"f", n - 1))
    check("10^5 functions calling each other", calls, command=("run", "--max-stack", "64MB", "--invoke", "f"), prints=str(n), cpu=4)
    check("10^5 functions in text", wat('(module (func $f0 (export "f") (result i32) (i32.const 7))'
                                        + "".join(f"(func $f{i} (result i32) (call $f{i - 1}))\n" for i in range(1, n)) + ")"),
          command=("run", "--invoke", "f"), prints="7", cpu=4)
    check("10^5 exports", wat("(module (func $f)" + "".join(f'(export "export{i}" (func $f))' for i in range(n)) + ")"), cpu=4)
    check("10^5 exports, the last a duplicate",
          wat("(module (func $f)" + "".join(f'(export "export{i}" (func $f))' for i in range(n)) + '(export "export5" (func $f)))'),
          "duplicate export", cpu=4)
    check("10^5 imports that nobody provides", wat("(module " + "".join(f'(import "a" "i{i}" (func))' for i in range(n)) + ")"),
          "unknown import", command=("run",), cpu=4)
    check("10^5 types in one group",
          module(section(1, u(1) + b"\x4e" + u(n) + b"".join(b"\x5f\x01\x63" + s((i + 1) % n) + b"\0" for i in range(n)))), cpu=4)
    check("10^5 different types",
          wat("(module " + "".join(f"(type (func (param{''.join(' i32' if i >> b & 1 else ' i64' for b in range(17))})))" for i in range(n)) + ")"),
          cpu=6)
    check("10^5 globals", wat("(module (global $g0 i32 (i32.const 1))" + "".join(f"(global i32 (global.get {i}))" for i in range(n)) + ")"), cpu=4)
    check("10^5 data segments", wat("(module (memory 1)" + '(data (i32.const 7) "abc")' * n + '(func (export "_start")))'), command=("run",), cpu=4)
    check("10^5 element segments", wat('(module (table 10 funcref) (func $f (export "_start"))' + "(elem (i32.const 7) func $f)" * n + ")"),
          command=("run",), cpu=4)
    check("20 MB of text", wat('(module (memory 400) (data (i32.const 0) "' + "ab\\00c" * 3_400_000 + '"))'), cpu=6)


def main():
    folder = runner.start(sys.argv)
    {"lies": lies, "depth": depth, "size": size, "compiled": compiled}[sys.argv[3]]()
    os.chdir("/")
    folder.cleanup()
    runner.finish(count)


main()
