#!/usr/bin/env python3
"""Truncated and mutated modules: mutated.py ARRIS SCALE {prefixes|mutations} SEED_FILE...

Every prefix of each seed (text: a sample, after every 7th byte), or random mutations of it, in both formats. Each has to be
valid or get one error line with file and place; those that are valid are run with little fuel."""
import os
import random
import sys

import runner

BATCH = 200
MUTATIONS = 600  # per seed


def seeds(paths):
    for path in paths:
        with open(path, "rb") as file:
            text = file.read()
        yield os.path.basename(path), text
        binary = runner.run(["wat2wasm", path, "-o", "seed.wasm"])
        if binary.code != 0:
            runner.fail(f"seed {path}", binary)
            continue
        with open("seed.wasm", "rb") as file:
            yield os.path.basename(path)[:-4] + ".wasm", file.read()


def prefixes(seed):
    step = 1 if seed.startswith(b"\0asm") else 7
    for length in range(0, len(seed), step):
        yield seed[:length]


def mutations(seed):
    rng = random.Random(len(seed))
    interesting = [b"\0", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff\x0f", b"\xff" * 9 + b"\x01", b"\x80" * 10, b"(", b")",
                   b'"', b"\\", b"0x", b"99999999999999999999", b"(;", b"$", b"\xc0\x80", b"-nan:0x", b"1e999"]
    for _ in range(MUTATIONS // runner.SCALE):
        data = bytearray(seed)
        for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
            at = rng.randrange(len(data))
            kind = rng.randrange(6)
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                del data[at:at + rng.choice([1, 1, 2, 5, 20])]
            elif kind == 3:
                data[at:at] = rng.choice(interesting)
            elif kind == 4:
                piece = rng.choice(interesting)
                data[at:at + len(piece)] = piece
            else:  # a piece of itself elsewhere
                start = rng.randrange(len(data))
                data[at:at] = data[start:start + rng.randrange(1, 30)]
            if not data:
                data = bytearray(b"\0")
        yield bytes(data)


def check_batch(what, inputs):
    names = []
    for i, data in enumerate(inputs):
        names.append(f"m{i:04}")
        with open(names[-1], "wb") as file:
            file.write(data)
    ended = runner.run(["validate", *names], cpu_bound=10)
    if ended.code not in (0, 1):
        for name in names:  # find out which
            runner.judge(f"{what} {open(name, 'rb').read()!r}", runner.run(["validate", name]))
        return runner.fail(f"{what}: a batch of {len(names)}", ended)
    errors = {}
    for line in ended.stderr.split("\n"):
        match = runner.ERROR_LINE.match(line)
        if match and match["file"] in set(names):
            if match["file"] in errors:
                runner.fail(f"{what}: two error lines for one file: {line}")
            errors[match["file"]] = line
            if not match["line"] and "offset" not in line and not any(word in line for word in ("must be at most", "limit")):
                has_place = any(word in line for word in ("function", "import", "export", "type", "global", "segment", "table",
                                                          "memory", "tag", "start"))
                if not has_place:
                    runner.fail(f"{what}: an error without a place: {line}")
    valid = [name for name in names if name not in errors]
    if (ended.code == 0) != (len(valid) == len(names)):
        runner.fail(f"{what}: exit code {ended.code} with {len(errors)} error lines", ended)
    # Two of those refused and the valid ones also go through `run`.
    for name in [name for name in names if name in errors][:2] + valid[:20]:
        ended = runner.run(["run", "--fuel", "10000", "--max-heap", "4MB", "--max-memory", "64MB", "--timeout", "5s", name])
        runner.judge(f"{what} {open(name, 'rb').read()!r} run", ended)
        if name in errors and ended.code != 1:
            runner.fail(f"{what}: validate refuses what run takes: {errors[name]}", ended)
    return None


def main():
    kind = {"prefixes": prefixes, "mutations": mutations}[sys.argv[3]]
    paths = [os.path.abspath(path) for path in sys.argv[4:]]
    folder = runner.start(sys.argv)
    count = 0
    for name, seed in list(seeds(paths)):
        batch = []
        for data in kind(seed):
            batch.append(data)
            if len(batch) == BATCH:
                check_batch(name, batch)
                count += len(batch)
                batch = []
        if batch:
            check_batch(name, batch)
            count += len(batch)
    os.chdir("/")
    folder.cleanup()
    runner.finish(count)


main()
