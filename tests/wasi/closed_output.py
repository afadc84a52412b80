"""A guest whose standard output nobody reads gets EPIPE and goes on: to its own end, or to `head`, as it likes.

usage: closed_output.py ARRIS GUEST
"""
import os
import subprocess
import sys

EXPECTED = b"write: -1, EPIPE\n" * 3 + b"flush: EPIPE\n"


def run(command, close_stdout):
    """With a pipe whose reader is gone, or with no descriptor 1 at all."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, timeout=60,
                          preexec_fn=(lambda: os.close(1)) if close_stdout else None)
    os.close(writer)
    return done


def main():
    done = run(sys.argv[1:], close_stdout=False)
    print("a pipe without reader:", done.returncode, done.stderr.decode())
    gone = run(sys.argv[1:], close_stdout=True)
    print("no standard output:", gone.returncode, gone.stderr.decode())
    sys.exit(done.returncode != 5 or done.stderr != EXPECTED or gone.returncode != 5)


main()
