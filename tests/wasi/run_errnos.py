"""Runs one of the guests errnos_*.c where everything that it needs can happen, and compares what it prints with FILE.

usage: run_errnos.py [--stdin pipe|empty-pipe|terminal|listener] [--walk] [--strings] [--exit N] ARRIS GUEST FILE

The guest gets a scratch folder as /box (what is in it: see errnos_path.c), the same read-only as /ro, another file system as
/other if there is one, /dev, /proc/self and a folder without permissions. It runs without the superuser's right to ignore
permissions, with few descriptors and a limit on the size of files. --walk: on a kernel without openat2. --strings: with the
arguments and variables that errnos_process.c expects.
Lines that need what this machine lacks ([root], [other]) are left out, and the guest is told so.
"""
import argparse
import contextlib
import difflib
import os
import pathlib
import pty
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import confine

MAX_FDS = 200
MAX_FILE_BYTES = 1 << 40


def limit(walk):
    """In the child: what the guest shall not be able to do."""
    confine.drop_file_capabilities()
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FDS, MAX_FDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    if walk:
        confine.forbid_openat2()


def make_scratch(base, keep):
    """box, ro, locked. Returns the command line options that grant them."""
    for name in ("box", "ro", "ro/dir", "outside", "locked"):
        (base / name).mkdir()
    box = base / "box"
    (base / "ro/seed").write_text("seed")
    (base / "ro/link").symlink_to("seed")
    (base / "outside/secret").write_text("secret")
    os.mkfifo(box / "fifo")
    unix = keep.enter_context(socket.socket(socket.AF_UNIX))
    unix.bind(str(box / "socket"))
    for name, target in (("absolute", "/etc/passwd"), ("outside", "../outside"), ("outside2", "../outside/secret")):
        (box / name).symlink_to(target)
    (box / "locked").write_text("locked")
    (box / "locked").chmod(0)
    (base / "locked").chmod(0)
    keep.callback((base / "locked").chmod, 0o700)
    (box / "foreign").write_text("foreign")
    environment = []
    if os.geteuid() == 0:
        os.chown(box / "foreign", 65534, 65534)
    else:
        environment.append("NO_ROOT=1")
    shutil.copy(shutil.which("sleep"), box / "program")
    program = keep.enter_context(subprocess.Popen([box / "program", "600"]))
    keep.callback(program.kill)
    other = "/dev/shm"
    if os.path.isdir(other) and os.stat(other).st_dev != os.stat(base).st_dev and os.access(other, os.W_OK):
        other = keep.enter_context(tempfile.TemporaryDirectory(dir=other))
    else:
        other = base
        environment.append("NO_OTHER=1")
    dirs = (("/box", box, ""), ("/ro", base / "ro", ":readonly"), ("/other", other, ""), ("/dev", "/dev", ""),
            ("/proc", "/proc/self", ""), ("/locked", base / "locked", ""))
    options = [word for guest, host, suffix in dirs for word in ("--dir", f"{guest}:{host}{suffix}")]
    return options, environment


def play_clients(address, keep):
    """The clients that errnos_sock.c expects, in order; all but the first two say everything before the guest starts."""
    def connect():
        return keep.enter_context(socket.create_connection(address))

    def first(client):
        client.sendall(b"hello")
        heard = b""
        while chunk := client.recv(100):
            heard += chunk
        assert heard == b"answer!", heard
        client.close()

    def second(client):
        client.sendall(b"abc")
        time.sleep(0.05)
        client.sendall(b"def")

    threads = [threading.Thread(target=play, args=(connect(),)) for play in (first, second)]
    for _ in range(4):
        client = connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    connect()
    for thread in threads:
        thread.start()
        keep.callback(thread.join)


def standard_streams(kind, keep):
    if kind == "terminal":
        master, stdin = pty.openpty()
        keep.callback(os.close, master)
    elif kind == "listener":
        listener = keep.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
        play_clients(listener.getsockname(), keep)
        stdin = os.dup(listener.fileno())
    else:
        stdin, writer = os.pipe()
        if kind == "pipe":
            os.write(writer, b"typed")
        keep.callback(os.close, writer)
    if kind == "listener":  # a connected socket
        pair = socket.socketpair()
        stderr = os.dup(keep.enter_context(pair[0]).fileno())
        keep.enter_context(pair[1])
    else:  # a pipe that nobody reads
        reader, stderr = os.pipe()
        os.close(reader)
    keep.callback(os.close, stdin)
    keep.callback(os.close, stderr)
    return stdin, stderr


def run(options):
    with contextlib.ExitStack() as keep:
        base = pathlib.Path(keep.enter_context(tempfile.TemporaryDirectory()))
        dirs, environment = make_scratch(base, keep)
        stdin, stderr = standard_streams(options.stdin, keep)
        command = [options.arris, "run", *dirs]
        for entry in ["A=1", "EMPTY="] if options.strings else environment:
            command += ["--env", entry]
        command += [options.guest, *(["one", ""] if options.strings else [])]
        done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, timeout=100,
                              preexec_fn=lambda: limit(options.walk))
        assert (base / "outside/secret").read_text() == "secret" and len(os.listdir(base / "outside")) == 1
    return done, environment, command


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stdin", choices=("pipe", "empty-pipe", "terminal", "listener"), default="pipe")
    parser.add_argument("--walk", action="store_true")
    parser.add_argument("--strings", action="store_true")
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("arris")
    parser.add_argument("guest")
    parser.add_argument("expected", type=pathlib.Path)
    options = parser.parse_args()
    done, environment, command = run(options)
    if done.returncode == confine.NOT_HERE and options.walk:
        print("skipped: seccomp cannot take openat2 away here")
        return
    absent = {"NO_ROOT=1": "[root]", "NO_OTHER=1": "[other]"}
    left_out = [absent[entry] for entry in environment]
    expected = [line for line in options.expected.read_text().splitlines() if not line.endswith(tuple(left_out))]
    actual = done.stdout.decode("utf-8", "backslashreplace").splitlines()
    problems = list(difflib.unified_diff(expected, actual, str(options.expected.name), "printed", lineterm=""))
    if done.returncode != options.exit:
        problems.append(f"exit code {done.returncode}, expected {options.exit}")
    if problems:
        print(*problems, "command: " + " ".join(map(str, command)), sep="\n")
        sys.exit(1)
    print(f"{len(actual)} checks as expected" + "".join(f"; not on this machine: {what}" for what in left_out))


main()
