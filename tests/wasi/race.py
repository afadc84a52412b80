"""A host thread exchanges a directory and a link to the outside, and a file and such a link, 100,000 times while a guest opens,
lists, makes and removes things through their names. Nothing outside is ever read or changed.

usage: race.py [--walk] [--swaps N] ARRIS GUEST
"""
import argparse
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile

import confine

RENAME_EXCHANGE = 2
libc = ctypes.CDLL(None, use_errno=True)


def exchange(dir_fd, first, second):
    if libc.renameat2(dir_fd, first, dir_fd, second, RENAME_EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def make_world(base):
    for name in ("box", "box/swap", "box/deep", "box/deep/er", "outside"):
        (base / name).mkdir()
    for name in ("box/swap/secret", "box/swapfile", "box/mark"):
        (base / name).write_text("inside")
    for name in ("outside/secret", "outside/outside-only"):
        (base / name).write_text("outside, and longer")
    (base / "box/evil").symlink_to("../outside")
    (base / "box/evilfile").symlink_to("../outside/secret")


def outside(base):
    folder = base / "outside"
    return {path.name: path.read_text() for path in folder.iterdir()}, (folder / "secret").stat().st_nlink


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--walk", action="store_true")
    parser.add_argument("--swaps", type=int, default=100_000)
    parser.add_argument("arris")
    parser.add_argument("guest")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        make_world(base)
        before = outside(base)
        guest = subprocess.Popen([options.arris, "run", "--dir", f"/box:{base}/box", options.guest], stdout=subprocess.PIPE,
                                 preexec_fn=confine.forbid_openat2 if options.walk else None)
        box = os.open(base / "box", os.O_RDONLY)
        for swaps in range(options.swaps):
            exchange(box, b"swap", b"evil")
            exchange(box, b"swapfile", b"evilfile")
            if swaps % 1000 == 0 and guest.poll() is not None:
                break
        os.close(box)
        (base / "box/stop").touch()
        said = guest.communicate(timeout=60)[0].decode()
        if options.walk and guest.returncode == confine.NOT_HERE:
            print("skipped: seccomp cannot take openat2 away here")
            return
        print(f"{said}{swaps + 1} swaps")
        if outside(base) != before:
            sys.exit(f"the outside was changed: {outside(base)}")
        inside, denied = (int(said.splitlines()[-1].split()[at]) for at in (0, 2))
        if guest.returncode != 0 or swaps + 1 != options.swaps:
            sys.exit(f"the guest ended with {guest.returncode}")
        if inside < 100 or denied < 100:
            sys.exit("the guest hardly saw both sides of the swap, so this showed nothing")


main()
