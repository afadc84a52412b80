#!/usr/bin/env python3
"""Our validator against WABT's on every module of the suite's files that WABT can read (it knows 2.0).

usage: validators_agree.py ARRIS SUITE
WABT's wast2json turns each script into .wasm files, valid and invalid ones; wasm-validate and `arris validate` must give the
same answer on each. Where they do not, the suite decides: WABT 1.0.32 is laxer than the specification in a few places, and a
difference is a failure unless Arris answers as the script demands. Exits with 77 (skipped) when WABT is not installed.
"""
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

MINIMUM_MODULES = 2000   # so that a broken conversion does not look like agreement
MAXIMUM_WABT_ERRORS = 10  # differences in which the suite is on our side


def convert(script, folder):
    """(path, is_valid) of the binary modules wast2json makes of a script, or None if it cannot read it."""
    name = os.path.basename(script)[:-5]
    target = os.path.join(folder, name)
    os.mkdir(target)
    out = os.path.join(target, name + ".json")
    if subprocess.run(["wast2json", "--no-check", script, "-o", out], capture_output=True).returncode != 0:
        return None
    with open(out) as file:
        commands = json.load(file)["commands"]
    return [(os.path.join(target, c["filename"]), c["type"] not in ("assert_invalid", "assert_malformed"))
            for c in commands if c.get("filename", "").endswith(".wasm")]


def wabt_accepts(path):
    return subprocess.run(["wasm-validate", path], capture_output=True).returncode == 0


def arris_refusals(arris, paths):
    """file -> message, of the files `arris validate` refuses."""
    result = subprocess.run([arris, "validate", "--wasm-2", *paths], capture_output=True, text=True)
    return {line.split(": ")[0]: line for line in result.stderr.splitlines()}


def main():
    arris, suite = sys.argv[1:3]
    if not shutil.which("wast2json") or not shutil.which("wasm-validate"):
        print("WABT is not installed (Debian package wabt): nothing compared")
        return 77
    scripts = sorted(os.path.join(suite, f) for f in os.listdir(suite) if f.endswith(".wast"))
    compared = failures = wabt_errors = unread = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for script in scripts:
            modules = convert(script, folder)
            if modules is None:
                unread += 1
                continue
            if not modules:
                continue
            paths = [path for path, _ in modules]
            refused = arris_refusals(arris, paths)
            for (path, is_valid), accepted in zip(modules, pool.map(wabt_accepts, paths)):
                compared += 1
                if accepted == (path not in refused):
                    continue
                ours_is_right = is_valid == (path not in refused)
                wabt_errors += ours_is_right
                failures += not ours_is_right
                print(f"{os.path.basename(path)}: WABT {'accepts' if accepted else 'refuses'}, Arris "
                      f"{refused.get(path, 'accepts')}{' (as the suite demands)' if ours_is_right else ''}")
    print(f"{compared} modules compared, {failures} on which the suite is against us, {wabt_errors} against WABT; "
          f"{unread} of {len(scripts)} scripts are beyond WABT")
    return 0 if failures == 0 and wabt_errors <= MAXIMUM_WABT_ERRORS and compared >= MINIMUM_MODULES else 1


if __name__ == "__main__":
    sys.exit(main())
