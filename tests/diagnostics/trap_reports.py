"""What `arris` prints about a trap: names as the programmer wrote them, offsets, lines of source, inlined functions; and that
debug information which lies costs neither the report nor the host anything.

usage: trap_reports.py ARRIS
"""
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import unittest

import wasm_file

ARRIS = pathlib.Path(sys.argv.pop(1)).resolve()
HERE = pathlib.Path(__file__).resolve().parent
CLANG = ["--target=wasm32", "-O1", "-nostdlib", "-Wl,--no-entry"]
RUST_LIBRARIES = [pathlib.Path("/usr/lib/rustlib") / target for target in ("wasm32-wasip1", "wasm32-wasi")]


def run(*arguments, timeout=60):
    return subprocess.run([ARRIS, *map(str, arguments)], capture_output=True, text=True, timeout=timeout)


class TrapReports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = pathlib.Path(cls.folder.name)

    def compile(self, source, output, *options):
        compiler = "clang++-19" if source.endswith(".cc") else "clang-19"
        subprocess.run([compiler, *CLANG, *options, source, "-o", self.path / output], check=True, cwd=HERE)
        return self.path / output

    def report(self, *arguments):
        result = run(*arguments)
        self.assertEqual(result.returncode, 134, result.stderr)
        # Paths as the compiler was given them, without its folder.
        return result.stderr.replace(str(HERE) + "/", "")

    def test_source_lines_and_inlined_functions(self):
        for version in ("4", "5"):
            with self.subTest(dwarf=version):
                module = self.compile("average.c", "average.wasm", "-gdwarf-" + version)
                self.assertRegex(self.report("--invoke", "run", module, 0), re.compile(
                    r"^arris: trap: integer divide by zero\n"
                    r"    0: check \(average.wasm\) at 0x[0-9a-f]+, average.c:3:14\n"
                    r"       inlined into average, average.c:10:10\n"
                    r"    1: run \(average.wasm\) at 0x[0-9a-f]+, average.c:15:10\n$"))

    def test_offsets_and_names_without_debug_information(self):
        module = self.compile("average.c", "plain.wasm")
        self.assertRegex(self.report("--invoke", "run", module, 0), re.compile(
            r"^arris: trap: integer divide by zero\n"
            r"    0: average \(plain.wasm\) at 0x[0-9a-f]+\n"
            r"    1: run \(plain.wasm\) at 0x[0-9a-f]+\n$"))

    def test_cxx_names(self):
        # The linker demangles by itself unless it is told not to.
        for options in (["-g"], ["-g", "-Wl,--no-demangle"], ["-Wl,--no-demangle"]):
            with self.subTest(options=options):
                module = self.compile("vector.cc", "vector.wasm", *options)
                line = ", vector.cc:8:20" if "-g" in options else ""
                self.assertRegex(self.report("--invoke", "run", module, 5),
                                 r"\n    0: math::Vector<double>::at\(int\) const \(vector.wasm\) at 0x[0-9a-f]+" + line + "\n")

    def test_rust_names(self):
        library = next((path for path in RUST_LIBRARIES if path.exists()), None)
        if library is None:
            self.skipTest("needs Debian's rustc and libstd-rust-dev-wasm32")
        for scheme in ("legacy", "v0"):
            with self.subTest(scheme=scheme):
                module = self.path / (scheme + ".wasm")
                subprocess.run(["/usr/bin/rustc", "--edition", "2021", "--target", library.name, "-g", "-C", "linker=wasm-ld-19",
                                "-C", "link-arg=--no-fatal-warnings", "-Z", "unstable-options",
                                "-C", "symbol-mangling-version=" + scheme, "index.rs", "-o", module],
                               check=True, cwd=HERE, env={**os.environ, "RUSTC_BOOTSTRAP": "1"}, capture_output=True)
                report = self.report(module)
                self.assertRegex(report, r": core::panicking::panic_bounds_check \(\w+.wasm\) at 0x\w+, \S*core/src/panicking.rs:\d+")
                self.assertRegex(report, r": index::deep::index \(\w+.wasm\) at 0x\w+, index.rs:5:9\n")
                self.assertRegex(report, r": index::main \(\w+.wasm\) at 0x\w+, index.rs:12:20\n")
                self.assertNotRegex(report, r"17h[0-9a-f]{16}|_ZN|_RN")

    def test_hostile_debug_information(self):
        original = self.compile("average.c", "average.wasm", "-g").read_bytes()
        debug = [(start, end) for code, name, start, end in wasm_file.sections(original) if name.startswith(".debug_")]
        self.assertGreaterEqual(len(debug), 4)
        source = random.Random(4)
        for round_number in range(120):
            data = bytearray(original)
            for _ in range(source.choice([1, 3, 20])):
                start, end = source.choice(debug)
                at = source.randrange(start, end)
                data[at] = source.choice([0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)])
            if round_number % 4 == 0:  # a run of one byte: lengths and offsets of every size
                start, end = source.choice(debug)
                at = source.randrange(start, end)
                size = min(source.choice([4, 8, 64]), end - at)
                data[at:at + size] = bytes([source.choice([0, 0x80, 0xFF])]) * size
            module = self.path / "hostile.wasm"
            module.write_bytes(data)
            begin = time.monotonic()
            report = self.report("--invoke", "run", module, 0)
            self.assertLess(time.monotonic() - begin, 20)
            self.assertTrue(report.startswith("arris: trap: integer divide by zero\n    0: "), (round_number, report))
            self.assertRegex(report, r"\n    1: run \(average.wasm\) at 0x", (round_number, report))
            self.assertNotRegex(report, "[\x00-\x09\x0b-\x1f\x7f-\x9f]", (round_number, report))

    def test_names_cannot_act_on_the_terminal(self):
        text = r'''(module $"m\1b[31m" (import "\1b]0;title\07" "\u{202e}f" (func))
                    (func (export "\1b[2J") unreachable))'''
        module = self.path / "names.wat"
        module.write_text(text)
        missing = run("--invoke", "x", module)
        self.assertEqual(missing.returncode, 1)
        self.assertIn(r'unknown import: "\1b]0;title\07" "\u{202e}f" (func)', missing.stderr)
        module.write_text(text.replace('(import "\\1b]0;title\\07" "\\u{202e}f" (func))', ""))
        self.assertIn(r"It exports: \1b[2J", run("--invoke", "x", module).stderr)
        trap = run("--invoke", "\x1b[2J", module)
        self.assertEqual(trap.returncode, 134)
        self.assertIn(r"    0: \1b[2J (m\1b[31m) at 0x", trap.stderr)
        for result in (missing, trap):
            self.assertNotRegex(result.stderr, "[\x00-\x09\x0b-\x1f\x7f\u202e]")

    def test_text_errors_cannot_act_on_the_terminal(self):
        module = self.path / "error.wat"
        module.write_text('(module (func (export "\u202e\u009b31m") i32.nonsense))', encoding="utf-8")
        result = run(module)
        self.assertEqual(result.returncode, 1)
        self.assertNotRegex(result.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        _, line, caret = result.stderr.splitlines()
        self.assertEqual(line[len(caret) - 1:].split(")")[0], "i32.nonsense")


if __name__ == "__main__":
    unittest.main()
