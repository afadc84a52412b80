"""Runs in CPython, which runs in Arris: hashes every file beneath a folder, prints a report in JSON and writes it to a file."""
import hashlib
import json
import os
import platform
import sys

folder, result = sys.argv[1:]
files = {}
for path, folders, names in os.walk(folder):
    folders.sort()
    for name in sorted(names):
        with open(os.path.join(path, name), "rb") as file:
            contents = file.read()
        files[os.path.relpath(os.path.join(path, name), folder)] = {
            "bytes": len(contents),
            "sha256": hashlib.sha256(contents).hexdigest(),
            "blake2b": hashlib.blake2b(contents).hexdigest(),
        }
report = {"machine": sys.platform, "version": platform.python_version(), "files": files}
with open(result, "w") as file:
    json.dump(report, file)
print(json.dumps(report, indent=2, sort_keys=True))
sys.exit(3)
