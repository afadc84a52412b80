#!/usr/bin/env python3
"""Writes start_order.txt: the functions that `arris run hello` calls, which the linker puts side by side.

    cli/start_order.py build/release/bin/arris build/bench/hello.wasm

Why: the kernel maps a program in pieces of 64 KiB around the pages that are touched. Functions used at every start that lie all over
the program make it map nearly all of it. Together they take a few such pieces: hello needs two thirds of the memory and a tenth fewer
page faults. The interpreter's handlers keep their own order. A name that is no longer there is ignored, and one that is missing costs
little, so the list need not follow every change. Needs valgrind, and a program that is not stripped."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_OUT = ("_ZN5arris6interp", "0x", "(")


def called_functions(program, guest):
    with tempfile.TemporaryDirectory() as directory:
        profile = os.path.join(directory, "callgrind.out")
        subprocess.run(["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}", program, "run", guest],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(profile, encoding="utf-8") as file:
            found = re.findall(r"^c?fn=\(\d+\) (\S+?)(?:'\d+)?$", file.read(), re.MULTILINE)
    return [name for name in dict.fromkeys(found) if not name.startswith(LEFT_OUT)]


def main(program, guest):
    names = called_functions(program, guest)
    with open(os.path.join(HERE, "start_order.txt"), "w", encoding="utf-8") as file:
        file.write("# Written by start_order.py, which says what it is for.\n")
        file.writelines(name + "\n" for name in names)
    print(f"{len(names)} functions")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
