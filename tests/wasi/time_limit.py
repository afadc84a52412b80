"""A time limit of 100 ms ends whatever a guest does within 50 ms more, with exit code 134 and the message of an interrupted run:
loops of every kind, waits in the host, eight wasi-threads. A busy machine may take longer, so the best of some runs counts.

usage: time_limit.py [--bound MILLISECONDS] ARRIS
"""
import argparse
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

LIMIT_MS = 100
RUNS = 10
GUEST = pathlib.Path(__file__).with_name("waits.wat")
# Export, and what standard input is.
CASES = [(name, "pipe") for name in (
    "spin", "spin_on_branches", "spin_on_calls", "spin_on_tail_calls", "spin_on_indirect_tail_calls", "spin_on_host_calls",
    "spin_on_bulk", "one_long_fill", "one_long_copy", "much_randomness", "sleep", "poll_stdin", "read_stdin", "fill_stdout",
    "open_fifo_to_write", "read_fifo", "atomic_wait", "eight_spinning_threads", "eight_waiting_threads")]
CASES += [("poll_stdin", "listener"), ("accept", "listener"), ("read_stdin", "connection")]


def open_streams(stdin, keep):
    """Standard input that nothing comes from, standard output that nobody empties."""
    if stdin == "pipe":
        reader, writer = os.pipe()
        keep.callback(os.close, writer)
    elif stdin == "listener":
        reader = keep.enter_context(socket.create_server(("127.0.0.1", 0))).detach()
    else:
        ours, theirs = socket.socketpair()
        keep.enter_context(ours)
        reader = theirs.detach()
    keep.callback(os.close, reader)
    out_reader, out = os.pipe()
    keep.callback(os.close, out_reader)
    keep.callback(os.close, out)
    return reader, out


def run(arris, export, stdin):
    """Milliseconds from start to end, and what was wrong with that."""
    with contextlib.ExitStack() as keep:
        reader, out = open_streams(stdin, keep)
        folder = keep.enter_context(tempfile.TemporaryDirectory())
        os.mkfifo(os.path.join(folder, "fifo"))
        begin = time.monotonic()
        done = subprocess.run([arris, "run", "--max-threads", "8", "--timeout", f"{LIMIT_MS}ms", "--dir", f"/box:{folder}",
                               "--invoke", export, GUEST], stdin=reader, stdout=out, stderr=subprocess.PIPE, timeout=60)
        took = (time.monotonic() - begin) * 1000
    problems = []
    if done.returncode != 134:
        problems.append(f"exit code {done.returncode}")
    if not done.stderr.startswith(b"arris: trap: execution interrupted\n"):
        problems.append(f"message {done.stderr[:200]!r}")
    if took < LIMIT_MS:
        problems.append(f"ended after {took:.0f} ms, before the limit")
    return took, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bound", type=float, default=50)
    parser.add_argument("arris")
    options = parser.parse_args()
    failed = False
    for export, stdin in CASES:
        times = []
        for _ in range(RUNS):
            took, problems = run(options.arris, export, stdin)
            times.append(took - LIMIT_MS)
            if problems or times[-1] <= options.bound:
                break
        if min(times) > options.bound:
            problems.append(f"{min(times):.0f} ms over the limit at best; {options.bound:.0f} are allowed")
        print(f"{export} on a {stdin}: {min(times):.0f} ms over the limit, run {len(times)}", *problems, sep="; ")
        failed |= bool(problems)
    sys.exit(failed)


main()
