"""Runs one example program and compares its standard output, byte for byte, and its exit code with what is expected.

usage: run_example.py --expected FILE [--exit N] [--stdin FILE] [--seed NAME=FILE]... [--same A B] -- COMMAND...

{scratch} in the command is an empty folder of this run; --seed puts a copy of FILE there first, and --same demands
afterwards that the files A and B in it are equal.
"""
import argparse
import difflib
import pathlib
import shutil
import subprocess
import sys
import tempfile


def check(options, command, scratch):
    for seed in options.seed:
        name, source = seed.split("=", 1)
        shutil.copyfile(source, scratch / name)
    stdin = open(options.stdin, "rb") if options.stdin else subprocess.DEVNULL
    command = [argument.replace("{scratch}", str(scratch)) for argument in command]
    run = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    problems = []
    expected = pathlib.Path(options.expected).read_bytes()
    if run.stdout != expected:
        lines = [text.decode("utf-8", "backslashreplace").splitlines() for text in (expected, run.stdout)]
        problems.append("standard output differs:\n" + "\n".join(difflib.unified_diff(*lines, "expected", "actual", lineterm="")))
        if lines[0] == lines[1]:
            problems.append(f"(in line endings only) expected {expected[-40:]!r}, got {run.stdout[-40:]!r}")
    if run.returncode != options.exit:
        problems.append(f"exit code {run.returncode}, expected {options.exit}")
    if options.same:
        first, second = (scratch / name for name in options.same)
        if not second.exists() or first.read_bytes() != second.read_bytes():
            problems.append(f"{first.name} and {second.name} are not equal; there are {sorted(p.name for p in scratch.iterdir())}")
    if problems:
        problems.append("standard error:\n" + run.stderr.decode("utf-8", "backslashreplace"))
        problems.append("command: " + " ".join(command))
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expected", required=True)
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("--stdin")
    parser.add_argument("--seed", action="append", default=[])
    parser.add_argument("--same", nargs=2)
    split = sys.argv.index("--")
    options = parser.parse_args(sys.argv[1:split])
    with tempfile.TemporaryDirectory() as scratch:
        problems = check(options, sys.argv[split + 1:], pathlib.Path(scratch))
    print("\n".join(problems) if problems else "as expected")
    sys.exit(1 if problems else 0)


main()
