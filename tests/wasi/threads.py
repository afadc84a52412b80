"""wasi-threads through the command line: their number is limited, and a trap, an exit or the end of the first thread ends all.

usage: threads.py ARRIS
"""
import pathlib
import re
import subprocess
import sys
import tempfile

GUEST = pathlib.Path(__file__).with_name("threads.wat")
EAGAIN = "-6\n"
TRAPS, EXITS, SPAWNS, PRINTS, SPINS = "1", "2", "3", "4", "5"
RETURNS, FIRST_SPINS, FIRST_WAITS = "0", "1", "2"
UNREACHABLE = rb"arris: trap: unreachable\n(?s:.*)wasi_thread_start"
# What, options, export and arguments, exit code, standard output, pattern of standard error.
CASES = [
    ("no threads unless allowed", [], ["spawn", "0"], 0, EAGAIN, b""),
    ("none if none are allowed", ["--max-threads", "0"], ["spawn", "0"], 0, EAGAIN, b""),
    ("as many as allowed", ["--max-threads", "1"], ["one_too_many", "1"], 0, EAGAIN, b""),
    ("as many as allowed, several", ["--max-threads", "4"], ["one_too_many", "4"], 0, EAGAIN, b""),
    ("ended ones do not count", ["--max-threads", "1"], ["one_by_one", "50", "0"], 0, "50\n", b""),
    ("threads spawn threads", ["--max-threads", "3"], ["one_by_one", "1", SPAWNS], 0, None, b""),
    ("threads write", ["--max-threads", "1"], ["one_by_one", "2", PRINTS], 0, "thread\nthread\n2\n", b""),
    ("a trap ends a first thread that spins", ["--max-threads", "4"], ["company", TRAPS, FIRST_SPINS], 134, "", UNREACHABLE),
    ("a trap ends a first thread that waits", ["--max-threads", "4"], ["company", TRAPS, FIRST_WAITS], 134, "", UNREACHABLE),
    ("an exit ends a first thread that spins", ["--max-threads", "4"], ["company", EXITS, FIRST_SPINS], 33, "", b""),
    ("an exit ends a first thread that waits", ["--max-threads", "4"], ["company", EXITS, FIRST_WAITS], 33, "", b""),
    ("the end of the first ends all", ["--max-threads", "4"], ["company", SPINS, RETURNS], 0, "", b""),
    ("fuel ends threads, too", ["--max-threads", "4", "--fuel", "1000000"], ["company", SPINS, FIRST_WAITS], 134, "",
     rb"arris: trap: .*fuel"),
]


# A module that spawns, but has nothing that a thread could run.
WITHOUT_START = """(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func (export "_start") (drop (call $spawn (i32.const 0))) (loop (br 0))))"""


def commands(arris, folder):
    """Each case with its command line."""
    for what, options, call, *expected in CASES:
        yield what, [arris, "run", *options, "--invoke", call[0], GUEST, *call[1:]], *expected
    guest = pathlib.Path(folder, "without_start.wat")
    guest.write_text(WITHOUT_START)
    yield ("no wasi_thread_start", [arris, "run", "--max-threads", "1", guest], 134, "",
           rb"arris: trap: thread: the module exports no wasi_thread_start \(i32, i32\)")


def main():
    with tempfile.TemporaryDirectory() as folder:
        results = [check(*case) for case in commands(sys.argv[1], folder)]
    sys.exit(not all(results))


def check(what, command, code, stdout, stderr):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100)
    problems = []
    if done.returncode != code:
        problems.append(f"exit code {done.returncode}, expected {code}")
    if stdout is not None and done.stdout.decode() != stdout:
        problems.append(f"printed {done.stdout!r}, expected {stdout!r}")
    if not re.match(stderr, done.stderr) or (stderr == b"" and done.stderr):
        problems.append(f"standard error {done.stderr!r}, expected {stderr!r}")
    print(what, *(problems or ["as expected"]), sep=": ")
    return not problems


main()
