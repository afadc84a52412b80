"""Compiled functions in perf and in GDB, with the tools themselves. CTest registers each class if its tool is there.

usage: profiling.py ARRIS Perf|Gdb
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ARRIS = pathlib.Path(sys.argv.pop(1)).resolve()
SPIN = pathlib.Path(__file__).resolve().parent / "spin.wat"
SKIPPED = 77


def run(*words, cwd=None, env=None):
    done = subprocess.run([str(word) for word in words], cwd=cwd, env={**os.environ, **(env or {})}, text=True, timeout=110,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class Perf(unittest.TestCase):
    def record(self, folder, words, *options, env=None):
        """The samples' symbols, hottest first."""
        code, out = run("perf", "record", "-e", "cpu-clock", *words, "-o", "perf.data", ARRIS, "run", *options,
                        "--invoke", "run", SPIN, 50_000_000, cwd=folder, env=env)
        self.assertEqual(code, 0, out)

    def report(self, folder, data):
        code, out = run("perf", "report", "-i", data, "--stdio", cwd=folder)
        self.assertEqual(code, 0, out)
        return out

    def test_perfmap(self):
        for tier in ("jit", "auto"):
            with self.subTest(tier), tempfile.TemporaryDirectory() as folder:
                self.record(folder, [], f"--tier={tier}", "--profile=perfmap")
                out = self.report(folder, "perf.data")
                self.assertRegex(out, r"%.*spin!work\n")
                self.assertRegex(out, r"%.*spin!add\n")
                os.unlink("/tmp/perf-" + re.search(r"\[JIT\] tid (\d+)", out).group(1) + ".map")

    def test_jitdump(self):
        for tier in ("jit", "auto"):
            with self.subTest(tier), tempfile.TemporaryDirectory() as folder:
                self.record(folder, ["-k", "mono"], f"--tier={tier}", "--profile=jitdump", env={"JITDUMPDIR": folder})
                code, out = run("perf", "inject", "--jit", "-i", "perf.data", "-o", "jit.data", cwd=folder)
                self.assertEqual(code, 0, out)
                out = self.report(folder, "jit.data")
                self.assertRegex(out, r"%.*jitted-.*spin!work\n")
                self.assertRegex(out, r"%.*jitted-.*spin!add\n")


def perf_works():
    """Counting samples needs rights that containers often lack."""
    with tempfile.TemporaryDirectory() as folder:
        return run("perf", "record", "-e", "cpu-clock", "-o", "perf.data", "true", cwd=folder)[0] == 0


class Gdb(unittest.TestCase):
    def gdb(self, *commands, options=("--tier=jit", "--debug-jit")):
        words = ["gdb", "-nx", "-q", "-batch", "-ex", "set debuginfod enabled off", "-ex", "set breakpoint pending on",
                 "-ex", "set confirm off"]
        for command in commands:
            words += ["-ex", command]
        return run(*words, "--args", ARRIS, "run", *options, "--invoke", "run", SPIN, 5)[1]

    def test_breakpoints_and_backtraces(self):
        out = self.gdb("break work", "run", "bt 4")
        self.assertRegex(out, r"#0 .* in work \(\)\n#1 .* in run \(\)\n#2 .* in arris!enter \(\)\n#3 .* in arris::jit::")
        out = self.gdb("break work", "run", "break add", "continue", "bt 4", "finish", "bt 3")
        self.assertRegex(out, r"#0 .* in add \(\)\n#1 .* in work \(\)\n#2 .* in run \(\)\n#3 .* in arris!enter \(\)")
        self.assertRegex(out, r"#0 .* in work \(\)\n#1 .* in run \(\)\n#2 .* in arris!enter \(\)")

    def test_nothing_is_registered_without_the_option(self):
        out = self.gdb("break work", "run", "bt 4", options=("--tier=jit",))
        self.assertNotIn("in work ()", out)
        self.assertTrue(re.search(r"^45$", out, re.M), out)


if __name__ == "__main__":
    if "Perf" in sys.argv and not perf_works():
        print("perf may not record here")
        sys.exit(SKIPPED)
    unittest.main()
