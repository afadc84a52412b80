"""The command line as users and scripts see it: every option has a case that shows its effect, in both forms of the program.

usage: cli_test.py ARRIS [unittest arguments]
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import guests

ARRIS = None
used = set()  # options that some case passed: the last test compares them with --help


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def run(program, *words, env=None, stdin=b"", cwd=None, timeout=60, stdout=subprocess.PIPE):
    used.update(word[2:].split("=")[0] for word in words if word.startswith("--"))
    done = subprocess.run([os.path.join(FOLDER, program), *words], input=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          env={**os.environ, **(env or {})}, cwd=cwd or FOLDER, timeout=timeout)
    return Ran(done.returncode, (done.stdout or b"").decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


class Case(unittest.TestCase):
    maxDiff = None

    def arris(self, *words, **more):
        return run("arris", *words, **more)

    def wasmedge(self, *words, **more):
        return run("wasmedge", *words, **more)

    def prints(self, ran, out, code=0):
        self.assertEqual((ran.out, ran.code), (out, code), ran.err)

    def fails(self, ran, code, *patterns):
        self.assertEqual(ran.code, code, ran.err)
        for pattern in patterns:
            self.assertRegex(ran.err, pattern)


class Calling(Case):
    def test_start_with_arguments(self):
        self.prints(self.arris("program.wat", "a", "--dir", "-x"), "program.wat\0a\0--dir\0-x\0")
        self.prints(self.arris("run", "./program.wat", "a"), "./program.wat\0a\0")
        self.prints(self.arris("--", "program.wat", "a"), "program.wat\0a\0")

    def test_invoke_and_reactor(self):
        self.prints(self.arris("--invoke", "add", "math.wat", "2", "40"), "42\n")
        self.prints(self.arris("--invoke=add", "math.wat", "2", "40"), "42\n")
        self.prints(self.arris("--reactor", "math.wat", "add", "-1", "0xffffffff"), "-2\n")
        self.prints(self.arris("--reactor", "math.wat", "initialized"), "1\n")
        self.prints(self.arris("--reactor", "math.wat", "two", "1.5", "2.25"), "1.5\n2.25\n")
        self.prints(self.arris("--reactor", "math.wat", "vector"), "316912650112397582603894390785\n")
        self.prints(self.arris("--reactor", "math.wat", "references"), "<funcref>\n<null externref>\n")

    def test_arguments_that_do_not_fit(self):
        for program in ("arris", "wasmedge"):
            self.fails(run(program, "--reactor", "math.wat", "add", "1"), 1, r"function `add` expects 2 argument\(s\), got 1")
            self.fails(run(program, "--reactor", "math.wat", "add", "1", "x"), 1, "Invalid argument 'x' for parameter 2: expected i32")
            self.fails(run(program, "--reactor", "math.wat", "nosuch"), 1,
                       'Function "nosuch" not found in the module export list.*add')
            self.fails(run(program, "--reactor", "math.wat"), 1, "A function name is required when reactor mode is enabled.")
        self.fails(self.arris("--reactor", "math.wat", "add", "1", "2", "3"), 1, r"expects 2 argument\(s\), got 3")
        self.fails(self.wasmedge("--reactor", "math.wat", "add", "1", "2", "3"), 134, "function signature mismatch")
        self.fails(self.arris("math.wat"), 1, "no _start function")

    def test_module(self):
        linked = ("--module", "math:math.wat", "--reactor", "importer.wat")
        self.prints(self.arris(*linked, "sum", "2", "40"), "42\n")
        self.prints(self.arris(*linked, "ready"), "1\n")
        self.prints(self.wasmedge("--module", "other:program.wat", *linked, "sum", "1", "1"), "2\n")
        self.fails(self.arris("--reactor", "importer.wat", "sum", "1", "1"), 1, "math")
        self.fails(self.arris("--module", "math", "importer.wat"), 1, "--module math: write NAME:PATH")
        self.fails(self.arris("--module", "math:nofile", "importer.wat"), 1, "nofile: no such file")
        # A later one imports from an earlier one.
        self.prints(self.arris("--module", "math:math.wat", "--module", "i:importer.wat", "--reactor", "math.wat", "add", "1", "1"), "2\n")

    def test_tiers_agree(self):
        for words in (["--tier", "interp"], ["--tier", "jit"], ["--tier", "auto"], ["--no-quicken"]):
            self.prints(self.arris(*words, "--invoke", "count", "math.wat", "1000"), "0\n")
        for words in (["--run-mode", "interpreter"], ["--run-mode", "jit"], ["--run-mode", "aot"], ["--enable-jit"], ["--force-interpreter"]):
            self.prints(self.wasmedge(*words, "--reactor", "math.wat", "count", "1000"), "0\n")
        self.fails(self.arris("--tier", "fast", "math.wat"), 1, "--tier fast: expected interp, jit or auto")
        self.fails(self.wasmedge("--run-mode", "fast", "math.wat"), 1, "expected interpreter, jit or aot")

    def test_exit_codes(self):
        self.assertEqual(self.arris("program.wat", "x").code, 7)
        self.assertEqual(self.arris("program.wat").code, 0)
        self.fails(self.arris("program.wat", "t"), 134, r"^arris: trap: unreachable\n.*_start")


class Granting(Case):
    def test_dir(self):
        box = os.path.join(FOLDER, "box")
        for grant in (f"/box:{box}", box, f"box", ".:box"):
            self.assertEqual(self.arris("--dir", grant, "program.wat", "c").code, 0)
            self.assertTrue(os.path.exists(os.path.join(box, "new")))
            os.unlink(os.path.join(box, "new"))
        self.assertEqual(self.arris("--dir", f"/box:{box}:readonly", "program.wat", "c").code, 69)  # EROFS
        self.assertFalse(os.path.exists(os.path.join(box, "new")))
        self.assertEqual(self.arris("program.wat", "c").code, 8)  # EBADF: nothing is granted
        self.fails(self.arris("--dir", "/box:/no/such/folder", "program.wat"), 1, "/no/such/folder")

    def test_env(self):
        self.prints(self.arris("program.wat", "e", env={"ARRIS_SECRET": "x"}), "")
        self.prints(self.arris("--env", "A=1", "--env", "B=x=y", "program.wat", "e"), "A=1\0B=x=y\0")
        inherited = self.arris("--env-inherit", "--env", "A=1", "program.wat", "e", env={"ARRIS_SECRET": "x"})
        self.assertIn("ARRIS_SECRET=x\0", inherited.out)
        self.assertTrue(inherited.out.endswith("A=1\0"))
        self.fails(self.arris("--env", "A", "program.wat"), 1, "--env A: write NAME=VALUE")

    def test_stdin(self):
        self.prints(self.arris("program.wat", "i", stdin=b"from the pipe"), "from the pipe")
        self.prints(self.arris("--stdin", "text", "program.wat", "i", stdin=b"from the pipe"), "from the file")
        self.fails(self.arris("--stdin", "nofile", "program.wat"), 1, "--stdin nofile: No such file")

    def test_threads(self):
        self.assertEqual(self.arris("--max-threads", "5", "spawner.wat").code, 5)
        self.assertEqual(self.arris("spawner.wat").code, 0)  # none started
        self.assertEqual(self.wasmedge("--thread-model", "mte", "--max-thread", "4", "spawner.wat").code, 4)
        self.assertEqual(self.wasmedge("--thread-model", "mte", "spawner.wat").code, 64)
        self.assertEqual(self.wasmedge("--max-thread", "4", "--thread-model", "single", "spawner.wat").code, 0)
        self.fails(self.wasmedge("--thread-model", "many", "spawner.wat"), 1, "expected mte or single")


class Limits(Case):
    def test_time(self):
        for program, words in (("arris", ["--timeout", "100ms"]), ("arris", ["--timeout=0.1s"]), ("wasmedge", ["--time-limit", "100"])):
            start = time.monotonic()
            ended = run(program, *words, "--invoke", "loop", "math.wat")
            self.fails(ended, 134, "execution interrupted")
            self.assertGreater(time.monotonic() - start, 0.09)
        self.fails(self.wasmedge("--time-limit", "100", "--reactor", "math.wat", "loop"), 134,
                   r"\[error\] wasmedge runtime failed: execution interrupted, Code: 0x007")
        self.prints(self.wasmedge("--time-limit", "0", "--reactor", "math.wat", "add", "1", "2"), "3\n")

    def test_gas_is_exact(self):
        for limit in ("1", "1000", "12345"):
            ended = self.wasmedge("--gas-limit", limit, "--reactor", "math.wat", "loop")
            self.fails(ended, 134, "Cost exceeded limit. Force terminate the execution.", f"Gas costs: {limit}\n")
        # 6 instructions per iteration, get and end; _initialize has 3.
        costs = 6 * 100 + 3 + 3
        self.prints(self.arris("--gas-limit", str(costs), "--invoke", "count", "math.wat", "100"), "0\n")
        self.fails(self.arris("--gas-limit", str(costs - 1), "--invoke", "count", "math.wat", "100"), 134, "instruction limit reached",
                   f"Gas costs: {costs - 1}\n")

    def test_gas_is_for_all_threads(self):
        # Every thread would have 100,000 of its own; there are four, and the limit holds for all.
        ended = self.arris("--gas-limit", "100000", "--max-threads", "4", "spinners.wat")
        self.fails(ended, 134, "instruction limit reached")
        self.assertLessEqual(int(re.search(r"Gas costs: (\d+)", ended.err).group(1)), 100000)

    def test_fuel(self):
        self.fails(self.arris("--fuel", "1000", "--invoke", "loop", "math.wat"), 134, "fuel")
        self.prints(self.arris("--fuel", "1000", "--invoke", "count", "math.wat", "900"), "0\n")

    def test_memory(self):
        grow = ("--invoke", "grow", "math.wat")
        self.prints(self.arris(*grow, "5"), "1\n")
        self.prints(self.arris("--max-memory", "128KB", *grow, "5"), "-1\n")
        self.prints(self.arris("--max-memory", "128KB", *grow, "1"), "1\n")
        self.prints(self.wasmedge("--memory-page-limit", "2", *grow, "5"), "-1\n")
        self.prints(self.arris("--memory-page-limit", "2", *grow, "1"), "1\n")
        self.prints(self.wasmedge("--memory-limit", "131072", *grow, "5"), "-1\n")
        self.fails(self.arris("--max-memory", "0", *grow, "1"), 1, "math.wat")
        self.prints(self.arris("--invoke", "grow_table", "math.wat", "0x7fffffff"), "-1\n")

    def test_page_size(self):
        self.prints(self.wasmedge("--memory-page-size", "65536", "--reactor", "math.wat", "add", "1", "2"), "3\n")
        self.fails(self.wasmedge("--memory-page-size", "4096", "--reactor", "math.wat", "add", "1", "2"), 1, "--memory-page-size 4096")
        self.prints(self.wasmedge("--enable-custom-page-sizes", "--memory-page-size", "1", "--reactor", "small_pages.wat", "size"), "100\n")

    def test_stack_and_heap(self):
        self.prints(self.arris("--invoke", "deep", "math.wat", "10000"), "10000\n")
        self.fails(self.arris("--max-stack", "64KB", "--invoke", "deep", "math.wat", "10000"), 134, "call stack exhausted")
        self.fails(self.arris("--max-heap", "1MB", "hoarder.wat"), 134, "heap exhausted")


class Inside(Case):
    def test_strace(self):
        traced = self.arris("--strace", "program.wat", "x")
        self.assertEqual((traced.code, traced.out), (7, ""))
        self.assertRegex(traced.err, r"(?m)^proc_exit\(.*7")

    def test_statistics(self):
        call = ("--invoke", "add", "math.wat", "1", "2")
        cases = {
            "--enable-instruction-count": ["Executed wasm instructions count: 7"],  # _initialize: const, set, end
            "--enable-gas-measuring": ["Gas costs: 7"],
            "--enable-time-measuring": [r"Total execution time: \d+ ns", r"Wasm instructions execution time: \d+ ns",
                                        r"Host functions execution time: \d+ ns"],
        }
        cases["--enable-all-statistics"] = [line for lines in cases.values() for line in lines] + [r"Instructions per second: \d+"]
        for option, lines in cases.items():
            for program in ("arris", "wasmedge"):
                ran = run(program, option, *call)
                self.prints(ran, "3\n")
                self.assertRegex(ran.err, "={20}  Statistics  ={20}\n(.*\n)*.*={23}   End   ={22}\n")
                self.assertEqual(ran.err.count("\n"), len(lines) + 2, ran.err)
                for line in lines:
                    self.assertRegex(ran.err, line + "\n")
        self.prints(self.wasmedge("--log-level", "error", "--enable-all-statistics", *call), "3\n")
        self.assertEqual(self.wasmedge("--log-level", "error", "--enable-all-statistics", *call).err, "")
        spent = self.arris("--enable-time-measuring", "program.wat", "a")
        self.assertRegex(spent.err, r"Host functions execution time: [1-9]")

    def test_counts_do_not_vary(self):
        counts = {self.arris("--enable-instruction-count", *words, "program.wat", "a").err
                  for words in ([], [], ["--no-quicken"], ["--tier", "interp"])}
        self.assertEqual(len(counts), 1, counts)

    def test_instructions_of_threads_count(self):
        with_threads = self.arris("--enable-gas-measuring", "--max-threads", "3", "spawner.wat")
        self.assertEqual(with_threads.code, 3)
        self.assertRegex(with_threads.err, r"Gas costs: \d+")

    def test_log(self):
        call = ("--reactor", "math.wat", "add", "1", "2")
        self.assertEqual(self.arris(*call).err, "")
        info = self.arris("--log-level", "info", *call)
        self.assertRegex(info.err, r"\[info\] loaded math.wat: \d+ bytes, \d+ functions")
        self.assertRegex(info.err, r"\[info\] add returned after [\d.]+ ms")
        self.assertNotIn("[debug]", info.err)
        debug = self.wasmedge("--enable-embed-log", *call, env={"RUST_LOG": "debug"})
        self.prints(debug, "3\n")
        for line in ("tier", "read math.wat", "loaded math.wat", "instantiated math.wat", "calling add"):
            self.assertIn(line, debug.err)
        self.assertEqual(self.wasmedge(*call, env={"RUST_LOG": "debug"}).err, "")  # only where asked for
        self.assertIn("[info]", self.wasmedge("--enable-embed-log", *call, env={"RUST_LOG": "a=warn,b=info"}).err)
        self.assertEqual(self.wasmedge("--enable-embed-log", *call, env={"RUST_LOG": "nonsense"}).err, "")
        self.assertIn("proc_exit", self.arris("--log-level", "trace", "program.wat", "x").err)
        silent = self.arris("--log-level", "off", "program.wat", "t")
        self.assertEqual((silent.code, silent.err), (134, ""))
        self.fails(self.arris("--log-level", "loud", *call), 1, "--log-level loud: expected off")

    def test_collector(self):
        self.assertRegex(self.arris("--gc-stats", "collected.wat").err, r"gc: 0 collections, 200 objects")
        zealous = self.arris("--gc-zeal", "--gc-stats", "collected.wat").err
        self.assertGreaterEqual(int(re.search(r"gc: (\d+) collections", zealous).group(1)), 199)

    def test_compiled_functions_for_profilers_and_debuggers(self):
        """That the tools understand it is tested in tests/diagnostics/profiling.py."""
        call = ("--invoke", "add", "math.wat", "1", "2")
        if "x86_64" not in os.uname().machine:
            self.skipTest("no compiler for this processor")
        for program in ("arris", "wasmedge"):
            folder = tempfile.mkdtemp(dir=FOLDER)
            self.prints(run(program, "--tier", "jit", "--profile", "jitdump", *call, env={"JITDUMPDIR": folder}), "3\n")
            self.assertRegex(" ".join(os.listdir(folder)), r"^jit-\d+\.dump$")
            self.fails(run(program, "--tier=jit", "--profile=jitdump", *call, env={"JITDUMPDIR": "/nonexistent"}), 1,
                       r"--profile: /nonexistent/jit-\d+\.dump: No such file or directory")
            self.fails(run(program, "--tier=interp", "--profile=perfmap", *call), 1, "no machine code; add --tier=jit or --tier=auto")
            self.fails(run(program, "--tier=jit", "--enable-gas-measuring", "--profile=perfmap", *call), 1, "only it counts instructions")
            self.fails(run(program, "--tier=jit", "--coredump=core", "--debug-jit", *call), 1, "--debug-jit: .*only it writes core dumps")
            self.fails(run(program, "--profile=gprof", *call), 1, "--profile gprof: expected perfmap or jitdump")
            self.prints(run(program, "--tier=jit", "--debug-jit", *call), "3\n")
            process = subprocess.Popen([os.path.join(FOLDER, program), "--tier=jit", "--profile=perfmap", *call], cwd=FOLDER,
                                       stdout=subprocess.DEVNULL)
            self.assertEqual(process.wait(60), 0)
            path = f"/tmp/perf-{process.pid}.map"
            with open(path) as file:
                self.assertRegex(file.read(), r"(?m)^[0-9a-f]+ [0-9a-f]+ add$")
            os.unlink(path)


class Features(Case):
    def test_each_can_be_switched(self):
        for feature, text in guests.FEATURES.items():
            with open(os.path.join(FOLDER, "feature.wat"), "w") as file:
                file.write(text)
            binary = self.arris("wat2wasm", "--enable-all", "feature.wat", "--output", "feature.wasm")
            self.assertEqual(binary.code, 0, f"{feature}: {binary.err}")
            on = self.arris("validate", f"--enable-{feature}", "feature.wasm")
            off = self.arris("validate", "--enable-all", f"--disable-{feature}", "feature.wasm")
            self.assertEqual((on.code, off.code), (0, 1), f"{feature}: {on.err} {off.err}")
        self.assertEqual(self.arris("validate", "--enable-mvp", "math.wat").code, 0)
        self.assertEqual(self.arris("validate", "--disable-mvp", "--enable-mvp", "math.wat").code, 0)

    def test_releases(self):
        def accepted(feature, release):
            with open(os.path.join(FOLDER, "feature.wat"), "w") as file:
                file.write(guests.FEATURES[feature])
            self.arris("wat2wasm", "--enable-all", "feature.wat", "-o", "feature.wasm")
            return self.arris("validate", release, "feature.wasm").code == 0
        self.assertEqual([accepted("simd", r) for r in ("--wasm-1", "--wasm-2", "--wasm-3")], [False, True, True])
        self.assertEqual([accepted("gc", r) for r in ("--wasm-1", "--wasm-2", "--wasm-3")], [False, False, True])
        self.assertFalse(accepted("threads", "--wasm-3"))
        self.assertTrue(accepted("legacy-exceptions", "--enable-all"))

    def test_what_old_scripts_pass(self):
        old = ["--enable-tail-call", "--enable-extended-const", "--enable-function-reference", "--enable-gc", "--enable-multi-memory",
               "--enable-relaxed-simd", "--enable-exception-handling", "--enable-threads", "--enable-component", "--enable-memory64",
               "--enable-bulk-memory", "--enable-simd", "--enable-reference-types", "--enable-multi-value", "--enable-all",
               "--allow-af-unix", "--coredump-for-wasmgdb", "--forbidden-plugin", "wasi_nn"]
        ran = self.wasmedge(*old, "--reactor", "math.wat", "add", "1", "2")
        self.prints(ran, "3\n")
        self.assertEqual(ran.err, "")
        self.fails(self.arris("--enable-exception-handling", "math.wat"), 1, "unknown option")
        with open(os.path.join(FOLDER, "feature.wat"), "w") as file:
            file.write(guests.FEATURES["exceptions"])
        self.arris("wat2wasm", "feature.wat", "-o", "feature.wasm")
        self.assertEqual(self.wasmedge("validate", "--disable-exception-handling", "feature.wasm").code, 1)
        self.assertEqual(self.wasmedge("validate", "feature.wasm").code, 0)


class Commands(Case):
    def test_parse_and_validate(self):
        self.prints(self.arris("validate", "math.wat", "program.wat"), "")
        self.prints(self.wasmedge("parse", "math.wat"), "")
        with open(os.path.join(FOLDER, "invalid.wat"), "w") as file:
            file.write("(module (func (result i32)))")
        self.assertEqual(self.arris("wat2wasm", "--no-check", "invalid.wat", "-o", "invalid.wasm").code, 0)
        self.assertEqual(self.arris("parse", "invalid.wasm").code, 0)
        self.fails(self.arris("validate", "math.wat", "invalid.wasm"), 1, "^invalid.wasm: invalid: type mismatch")
        self.fails(self.wasmedge("validate", "invalid.wasm"), 1, r"\[error\] validation failed: type mismatch, Code: 0x202")
        with open(os.path.join(FOLDER, "malformed.wasm"), "wb") as file:
            file.write(b"\0asm\1\0\0\0\1\xff")
        self.fails(self.arris("parse", "malformed.wasm"), 1, "malformed")

    def test_instantiate(self):
        self.prints(self.wasmedge("instantiate", "program.wat"), "")
        self.prints(self.wasmedge("instantiate", "--module", "math:math.wat", "importer.wat"), "")
        self.fails(self.arris("instantiate", "missing.wat"), 1, "nowhere", "fd_wrte.*fd_write")
        with open(os.path.join(FOLDER, "start.wat"), "w") as file:
            file.write("(module (func $s unreachable) (start $s))")
        self.fails(self.arris("instantiate", "start.wat"), 134, "unreachable")
        self.fails(self.arris("instantiate", "math.wat", "more"), 1, '"more" is one word too many')

    def test_compile_says_it_is_not_there(self):
        for program, words in (("arris", ["compile"]), ("wasmedge", ["compile"]), ("wasmedgec", [])):
            ended = run(program, *words, "math.wat", "math.so")
            self.fails(ended, 1, "not built yet", "math.so")
            self.assertFalse(os.path.exists(os.path.join(FOLDER, "math.so")))
        self.fails(run("wasmedgec", "--dump", "--interruptible", "--generic-binary", "--optimize", "2", "--enable-all", "math.wat", "math.so"), 1,
                   "not built yet")

    def test_where_a_text_is_invalid(self):
        with open(os.path.join(FOLDER, "invalid.wat"), "w") as file:
            file.write("(module\n  (func $f (result i32)\n    local.get 0)\n  (func (result i32)\n    (block (result i32)\n      i64.const 1)))")
        for command in ("validate", "wat2wasm", "run"):
            self.fails(self.arris(command, "invalid.wat"), 1, r"^(arris: )?invalid.wat:3:5: error: invalid: unknown local.*\n    local.get 0\)\n    \^")

    def test_objdump(self):
        fused = self.arris("objdump", "--tier", "interp", "math.wat", "add")
        self.assertEqual(fused.code, 0, fused.err)
        self.assertRegex(fused.out, r'^func 2 "add" .*:\n  0x\w+  local.get 0 +; get_get_add\n  0x\w+  local.get 1 +; get_add\n  0x\w+  i32.add\n'
                                    r'  0x\w+  end\n$')
        if "x86_64" not in os.uname().machine:
            self.fails(self.arris("objdump", "math.wat", "add"), 1, "no compiler for this processor")
            return
        for tool in ("with objdump", "without objdump"):
            if tool == "with objdump" and not shutil.which("objdump"):
                continue
            with self.subTest(tool):
                machine = self.arris("objdump", "math.wat", "divide", "1", env={} if tool == "with objdump" else {"PATH": "/nonexistent"})
                self.assertEqual(machine.code, 0, machine.err)
                self.assertRegex(machine.out, r'(?m)^func 11 "divide" .*: \d+ bytes of machine code$')
                self.assertRegex(machine.out, r'(?m)^func 1 "initialized" ')
                self.assertRegex(machine.out, r"(?m)^  0x\w+  i32.div_s\n +[0-9a-f]+: ")
                if tool == "with objdump":
                    self.assertRegex(machine.out, r"(?m)^ +[0-9a-f]+:  idiv +esi$")
                    self.assertRegex(machine.out, r"(?m)^ +[0-9a-f]+:  j\w+ +0x[0-9a-f]+ +; to trap: integer divide by zero$")
                    self.assertRegex(machine.out, r"(?m)^ +[0-9a-f]+:  call .*; trap: integer overflow$")
                    self.assertEqual(machine.err, "")
                else:
                    self.assertRegex(machine.out, r"(?m)^  entry\n +0:  55 ")
                    self.assertIn("objdump could not be run, so bytes instead of instructions; it is in the package binutils", machine.err)
        everything = self.arris("objdump", "math.wat")
        self.assertEqual(len(re.findall(r"(?m)^func \d+ ", everything.out)), 15)
        self.assertIn("; memory_grow", everything.out)
        self.fails(self.arris("objdump", "math.wat", "nosuch"), 1, 'math.wat: there is no function "nosuch"')
        self.fails(self.arris("objdump", "math.wat", "99"), 1, 'there is no function "99"')
        self.fails(self.arris("objdump", "program.wat", "0"), 1, "program.wat: function 0 is imported")
        self.fails(self.arris("objdump", "--tier=auto", "math.wat"), 1, "--tier auto: expected interp or jit")

    def test_inspect_and_ldd(self):
        report = json.loads(self.arris("inspect", "--json", "math.wat").out)
        self.assertEqual((report["file"], report["error"]), ("math.wat", None))
        self.assertIn("_initialize", self.arris("inspect", "math.wat").out)
        for program, words in (("wasm-ldd", []), ("arris", ["ldd"])):
            provided = run(program, *words, "hello.wat")
            self.assertEqual((provided.code, provided.err), (0, ""))
            self.assertIn("fd_write", provided.out)
            missing = run(program, *words, "missing.wat")
            self.assertEqual(missing.code, 1)
            self.assertIn("nowhere", missing.out)

    def test_conversions(self):
        self.assertEqual(self.arris("wat2wasm", "math.wat").code, 0)
        text = self.arris("wasm2wat", "math.wasm")
        self.assertTrue(text.out.startswith("(module"), text.err)
        self.assertEqual(self.arris("wasm2wat", "math.wasm", "-o", "again.wat").code, 0)
        self.prints(self.arris("--invoke", "add", "again.wat", "2", "40"), "42\n")
        self.fails(self.arris("wat2wasm", "math.wat", "-o", "/no/such/folder/x"), 1, "/no/such/folder/x: cannot be written")
        os.unlink(os.path.join(FOLDER, "math.wasm"))

    def test_completion(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.arris("completion", shell)
            self.assertEqual(script.code, 0)
            self.assertIn("max-memory", script.out)
            if shutil.which(shell):
                checked = subprocess.run([shell, "-n"], input=script.out.encode(), stderr=subprocess.PIPE)
                self.assertEqual((checked.returncode, checked.stderr), (0, b""))
        self.fails(self.arris("completion", "csh"), 1, "expected bash, zsh or fish")
        self.fails(self.arris("completion"), 1, "expected bash")

    def test_bash_completes(self):
        script = self.arris("completion", "bash").out
        ask = script + '\nCOMP_WORDS=(arris --max-m); COMP_CWORD=1; _arris_complete; echo "${COMPREPLY[*]}"\n' \
                       'COMP_WORDS=(wasmedge val); COMP_CWORD=1; _arris_complete; echo "${COMPREPLY[*]}"\n'
        done = subprocess.run(["bash"], input=ask.encode(), stdout=subprocess.PIPE, cwd="/")
        self.assertEqual(done.stdout.decode(), "--max-memory\nvalidate\n")

    def test_help_and_version(self):
        for program in ("arris", "wasmedge"):
            ran = run(program, "--help")
            self.assertEqual((ran.code, ran.err), (0, ""))
            self.assertIn("Usage: " + program, ran.out)
            self.assertEqual(run(program).code, 1)
            self.assertEqual(run(program).err, ran.out)
            self.assertEqual(run(program, "run", "--help").code, 0)
        self.assertRegex(self.arris("--version").out, r"^arris version \d+\.\d+\.\d+\n$")
        self.assertRegex(self.wasmedge("--version").out, r"^wasmedge version \d+\.\d+\.\d+ \(arris ")


class WasmEdge(Case):
    """What wasmedge's users rely on: see docs/cli.md."""

    def test_lines_that_tutorials_print(self):
        self.prints(self.wasmedge("hello.wat"), "Hello from Arris!\n")
        self.arris("wat2wasm", "hello.wat", "-o", "hello.wasm")
        self.prints(self.wasmedge("hello.wasm"), "Hello from Arris!\n")
        self.assertEqual(self.wasmedge("--dir", f"/tmp:{FOLDER}/box", "program.wat", "c").code, 0)
        os.unlink(os.path.join(FOLDER, "box", "new"))
        self.prints(self.wasmedge("--env", "K=V", "program.wat", "e", "out"), "K=V\0")
        self.prints(self.wasmedge("--memory-limit", "536870912", "--memory-page-size", "65536", "hello.wasm"), "Hello from Arris!\n")
        self.prints(self.wasmedge("--thread-model", "mte", "--max-thread", "4", "hello.wasm"), "Hello from Arris!\n")
        self.prints(self.wasmedge("--enable-embed-log", "--reactor", "math.wat", "add", "2", "40", env={"RUST_LOG": "debug"}), "42\n")
        self.prints(self.wasmedge("run", "--reactor", "math.wat", "add", "2", "40"), "42\n")

    def test_a_module_without_start_is_a_reactor(self):
        self.prints(self.wasmedge("math.wat", "add", "2", "40"), "42\n")
        self.fails(self.wasmedge("math.wat"), 1, "A function name is required when reactor mode is enabled.")

    def test_first_argument_is_the_name_with_wasm(self):
        self.prints(self.wasmedge("./program.wat", "a", "b"), "program.wasm\0a\0b\0")

    def test_traps(self):
        for function, message, code in (("oob", "out of bounds memory access", "0x408"), ("unreachable", "unreachable", "0x40a")):
            self.fails(self.wasmedge("math.wat", function), 134, rf"\[error\] execution failed: {message}, Code: {code}\n",
                       f'When executing function name: "{function}"', f"trap: {message}\n", f"0: {function}")
        self.fails(self.wasmedge("math.wat", "divide", "1", "0"), 134, "integer divide by zero, Code: 0x404")
        self.assertEqual(self.wasmedge("program.wat", "x").code, 7)

    def test_what_cannot_be_loaded(self):
        with open(os.path.join(FOLDER, "bad_magic.wasm"), "wb") as file:
            file.write(b"\0bsm\1\0\0\0")
        self.fails(self.wasmedge("bad_magic.wasm"), 1, "loading failed: magic header not detected, Code: 0x103")
        self.fails(self.wasmedge("nofile.wasm"), 1, "loading failed: invalid path, Code: 0x100")
        self.fails(self.wasmedge("missing.wat"), 1, "instantiation failed: unknown import, Code: 0x302", "nowhere", "fd_wrte")

    def test_unknown_option(self):
        self.fails(self.wasmedge("--nosuchflag", "math.wat"), 1, "^unknown option: nosuchflag\n")
        self.fails(self.wasmedge("--time-limt", "5", "math.wat"), 1, "unknown option: time-limt; did you mean --time-limit")


class BadInput(Case):
    def test_options(self):
        self.fails(self.arris("--nosuchflag", "math.wat"), 1, "^arris: unknown option: --nosuchflag\n", "arris --help")
        self.fails(self.arris("--max-memroy", "1", "math.wat"), 1, "did you mean --max-memory")
        self.fails(self.arris("--max-mem", "1MB", "math.wat"), 1, "unknown option: --max-mem")  # no abbreviations
        self.fails(self.arris("validate", "--nosuchflag"), 1, "arris validate --help")
        self.fails(self.arris("--timeout"), 1, "--timeout: a value is missing")
        self.fails(self.arris("--strace=yes", "math.wat"), 1, "--strace: takes no value")
        self.fails(self.arris("-q", "math.wat"), 1, "unknown option: -q")
        self.fails(self.arris("run"), 1, "expected FILE")

    def test_absurd_values(self):
        counts = ("-1", "1.5", "1e99", "18446744073709551616", "", "x", "0x", "+1", " 1")
        for option in ("--fuel", "--gas-limit", "--memory-page-limit", "--max-threads"):
            for value in counts:
                self.fails(self.arris(option, value, "math.wat"), 1, f"{option} .*expected a whole number from 0 to")
        for option in ("--max-memory", "--max-stack", "--max-heap"):
            for value in ("-1", "1e99", "99999999999999999999", "99999999999T", "", "MB", "1 MB", "1XB"):
                self.fails(self.arris(option, value, "math.wat"), 1, f"{option} .*expected a number of bytes")
        for value in ("1e99s", "-1", "-1s", "99999999999999999999s", "1000000h", "", "s", "nan", "inf"):
            self.fails(self.arris("--timeout", value, "math.wat"), 1, "--timeout .*expected a time")
        for value in ("-1", "1e9", "99999999999999999999"):
            self.fails(self.wasmedge("--time-limit", value, "math.wat"), 1, "expected a whole number")
        self.fails(self.arris("--max-threads", "1000001", "math.wat"), 1, "from 0 to 1000000")

    def test_largest_values_work(self):
        self.prints(self.arris("--timeout", "876000h", "--fuel", "18446744073709551615", "--gas-limit", "18446744073709551615",
                               "--max-memory", "16777215T", "--memory-page-limit", "18446744073709551615", "--max-heap", "16777215T",
                               "--invoke", "add", "math.wat", "2", "40"), "42\n")

    def test_files(self):
        self.fails(self.arris("nofile.wasm"), 1, "nofile.wasm: no such file")
        self.fails(self.arris("box"), 1, "box: is a folder")
        self.fails(self.arris(""), 1, "no such file")
        if os.geteuid() != 0:
            os.chmod(os.path.join(FOLDER, "unreadable.wat"), 0)
            self.fails(self.arris("unreadable.wat"), 1, "unreadable.wat: cannot be read: Permission denied")
        self.fails(self.arris("-", stdin=b"(module"), 1, "-")
        self.prints(self.arris("--invoke", "f", "-", stdin=b'(module (func (export "f") (result i32) (i32.const 5)))'), "5\n")

    def test_standard_output_that_takes_nothing(self):
        with open("/dev/full", "w") as full:
            self.fails(run("arris", "--invoke", "add", "math.wat", "1", "2", stdout=full), 1, "standard output: No space left")
            self.fails(run("arris", "--help", stdout=full), 1, "standard output: No space left")
        for words in (["--invoke", "add", "math.wat", "1", "2"], ["completion", "zsh"], ["--help"]):
            reading, writing = os.pipe()
            os.close(reading)
            with os.fdopen(writing, "wb") as closed:
                ended = run("arris", *words, stdout=closed)
            self.assertEqual((ended.code, ended.err), (1, ""), words)  # not a signal, and no news to who closed it
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as closed:
            self.assertEqual(run("arris", "program.wat", "p", stdout=closed).code, 9)  # the guest saw an errno


class Zz(Case):
    def test_every_option_was_used(self):
        """Runs last: unittest sorts by name."""
        for program in ("arris", "wasmedge"):
            commands = re.findall(r"(?m)^  ([a-z0-9]+) ", run(program, "--help").out.split("Commands:")[1].split("\n\n")[0])
            listed = set()
            for command in commands:
                text = run(program, command, "--help").out
                listed |= set(re.findall(r"(?m)^  (?:-\w, )?--([a-z0-9-]+)", text)) - {"enable-", "disable-"}
                for feature in re.findall(r"(?m)^    ([a-z0-9-]+) ", text.split("where X is:")[-1] if "where X is:" in text else ""):
                    listed |= {"enable-" + feature, "disable-" + feature}
            self.assertEqual(sorted(listed - used - {"coredump", "coredump-on-trap"}), [], f"{program}: options without a test")


if __name__ == "__main__":
    ARRIS = os.path.abspath(sys.argv.pop(1))
    with tempfile.TemporaryDirectory(prefix="arris-cli-") as FOLDER:
        for name in ("arris", "wasmedge", "wasmedgec", "wasm-ldd"):
            os.symlink(ARRIS, os.path.join(FOLDER, name))
        os.mkdir(os.path.join(FOLDER, "box"))
        for name in ("math", "program", "spawner", "importer", "missing", "small_pages", "spinners", "collected", "hoarder"):
            with open(os.path.join(FOLDER, name + ".wat"), "w") as out:
                out.write(getattr(guests, name.upper()))
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/hello.wat"), FOLDER)
        shutil.copy(os.path.join(FOLDER, "math.wat"), os.path.join(FOLDER, "unreadable.wat"))
        with open(os.path.join(FOLDER, "text"), "w") as out:
            out.write("from the file")
        unittest.main()
