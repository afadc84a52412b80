"""Runs arris with bounds on CPU time, wall time and memory, and judges how it ended."""
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

ARRIS = None  # set by start()
SCALE = 1     # > 1 under sanitizers: time bounds are multiplied, memory is not judged
failures = []


class Ended:
    def __init__(self, code, stdout, stderr, cpu, rss):
        self.code, self.stdout, self.stderr, self.cpu, self.rss = code, stdout, stderr, cpu, rss


def start(argv):
    """ARRIS [SCALE]: prepares the module and enters a scratch folder, which is returned."""
    global ARRIS, SCALE
    ARRIS = os.path.abspath(argv[1])
    SCALE = int(argv[2]) if len(argv) > 2 else 1
    folder = tempfile.TemporaryDirectory(prefix="arris-hostile-")
    os.chdir(folder.name)
    return folder


def run(arguments, cpu_bound=2.0):
    """RLIMIT_CPU ends what hangs; RLIMIT_AS would end what is right, for memories are reserved address space."""
    limit = int(cpu_bound * SCALE) + 2
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([ARRIS, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)))
        deadline = time.monotonic() + 60 * SCALE
        while True:  # a sleeping hang uses no CPU time
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                process.kill()
                _, status, usage = os.wait4(process.pid, 0)
                break
            time.sleep(0.0005)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Ended(process.returncode, out.read(1 << 20).decode("utf-8", "replace"),
                     err.read(1 << 20).decode("utf-8", "replace"), usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def fail(what, ended=None):
    text = what
    if ended is not None:
        text += f"\n  exit {ended.code}, {ended.cpu:.2f} s, {ended.rss >> 20} MiB\n  stderr: {ended.stderr[:600]!r}"
    failures.append(text)
    print("FAILED:", text, flush=True)


# An error line: the file, then where (a byte offset, line:column, or a phrase for what has no place), and why.
ERROR_LINE = re.compile(r"^(arris: )?(?P<file>[^\s:]+):((?P<line>\d+):(?P<column>\d+):)? \S.*$")
TRAP_LINE = re.compile(r"^arris: trap: \S.*$")


def judge(what, ended, cpu_bound=2.0, rss_bound=256 << 20):
    """Ended by itself, within bounds, and said why if it failed."""
    if ended.code < 0:
        return fail(f"{what}: ended by signal {-ended.code}", ended)
    if ended.code not in (0, 1, 134):
        return fail(f"{what}: exit code {ended.code}", ended)
    if ended.cpu > cpu_bound * SCALE:
        return fail(f"{what}: took longer than {cpu_bound * SCALE} s", ended)
    if SCALE == 1 and ended.rss > rss_bound:
        return fail(f"{what}: used more memory than {rss_bound >> 20} MiB", ended)
    if len(ended.stderr) > 12000:
        return fail(f"{what}: {len(ended.stderr)} bytes of messages", ended)
    first = ended.stderr.split("\n", 1)[0]
    if ended.code == 1 and not ERROR_LINE.match(first):
        return fail(f"{what}: no error line with the file and the reason", ended)
    if ended.code == 134 and not TRAP_LINE.match(first):
        return fail(f"{what}: no trap message", ended)
    return None


def finish(count):
    print(f"{count} inputs, {len(failures)} failures")
    sys.exit(1 if failures else 0)
