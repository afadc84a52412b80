"""wasi-threads through the command line: their number is limited, and a trap, an exit or the end of the first thread ends all.

usage: threads.py ARRIS
"""
import pathlib
import re
import subprocess
import sys

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


def main():
    failed = False
    for what, options, call, code, stdout, stderr in CASES:
        command = [sys.argv[1], "run", *options, "--invoke", call[0], GUEST, *call[1:]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100)
        problems = []
        if done.returncode != code:
            problems.append(f"exit code {done.returncode}, expected {code}")
        if stdout is not None and done.stdout.decode() != stdout:
            problems.append(f"printed {done.stdout!r}, expected {stdout!r}")
        if not re.match(stderr, done.stderr) or (stderr == b"" and done.stderr):
            problems.append(f"standard error {done.stderr!r}, expected {stderr!r}")
        print(what, *(problems or ["as expected"]), sep=": ")
        failed |= bool(problems)
    sys.exit(failed)


main()
