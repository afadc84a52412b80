"""Fails on anything that breaks the floors of the house.

usage: check_layering.py [ROOT]

Checked in every .h, .cc and .def of the rooms and of include/arris:
  * #include "room/file": the including room may see itself and rooms on lower floors, never one on its own floor;
  * clients (wasi, capi, cli, spectest, bench) see the engine only through include/arris;
  * public headers (include/arris) include public headers, the public vocabulary of wasm/ and the standard library only;
  * decoder/validator* is a floor of its own above decoder;
  * <iostream> only in programs; #if on an operating system only in base/os.
Checked in every room's CMakeLists.txt: its DEPS are rooms on lower floors.
A test (*_test.cc) follows its room's rules, and may besides use text/ (to write modules as text) and test-only headers
(*_testing.h) of any room. docs/architecture.md explains the floors.
"""
import pathlib
import re
import sys

FLOORS = {
    "base": 0,
    "wasm": 1,
    "decoder": 2, "text": 2,
    "validator": 3,
    "runtime": 4,
    "masm": 5, "opt": 5,
    "interp": 6, "jit": 6, "aot": 6,
    "engine": 7,
    "wasi": 8, "capi": 8, "symbols": 8,
    "cli": 9, "spectest": 9, "bench": 9, "fuzz": 9,
}
PROGRAMS_FLOOR = 9
PUBLIC = "arris"  # include/arris, the engine's public face
# Vocabulary that is part of the public API: installed beside include/arris.
PUBLIC_VOCABULARY = {f"wasm/{name}" for name in ("types.h", "features.h", "trap.h", "error.h", "index.h", "v128.h")}
# What a client may include besides itself and the public headers. fuzz is not one: it aims at single rooms.
CLIENTS = {
    "wasi": {"base"},
    "capi": {"base"},
    "symbols": {"base"},
    "cli": {"base", "text", "wasi", "symbols"},
    "spectest": {"base", "text"},
    "bench": {"base", "text"},
}
OUTSIDE = {"gtest", "gmock", "benchmark", "fmt", "nlohmann", "asmjit", "xbyak", "CLI", "sys"}
OS_MACRO = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*\b(?:__linux__|__APPLE__|__unix__|__FreeBSD__|_WIN32|_MSC_VER)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    """The room a file of the tree, or an include path, belongs to; None for what is in no room."""
    parts = path.split("/")
    if parts[:2] == ["include", "arris"]:
        return PUBLIC
    if parts[0] == "decoder" and len(parts) > 1 and parts[1].startswith("validator"):
        return "validator"
    return parts[0] if len(parts) > 1 and (parts[0] in FLOORS or parts[0] == PUBLIC) else None


def include_problem(path, target):
    """Why the file `path` must not include "target"; None if it may."""
    source, seen, is_test = room_of(path), room_of(target), path.endswith("_test.cc")
    if seen is None:
        if target == "wasm.h" or target.split("/")[0] in OUTSIDE:
            return None if source != PUBLIC else "public headers include only arris/ and the standard library"
        return "is in no room: includes are written from the root of the repository"
    if seen == source:
        return None
    if is_test and (seen == "text" or target.endswith("_testing.h")):
        return None
    if source == PUBLIC:
        return None if target in PUBLIC_VOCABULARY else "public headers include only arris/ and the standard library"
    if seen == PUBLIC:
        return None if FLOORS[source] >= FLOORS["engine"] else f"{source} is below the engine and its public headers"
    if source in CLIENTS:
        return None if seen in CLIENTS[source] else f"{source} is a client of include/arris: the public API lacks something"
    if FLOORS[seen] < FLOORS[source]:
        return None
    return f"{seen} (floor {FLOORS[seen]}) is not below {source} (floor {FLOORS[source]})"


def check_source(path, lines):
    source, is_test = room_of(path), path.endswith("_test.cc")
    for number, line in enumerate(lines, 1):
        if OS_MACRO.match(line) and not path.startswith("base/os"):
            yield f"{path}:{number}: #if on an operating system belongs into base/os"
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, target = match.groups()
        if target == "iostream" and not is_test and FLOORS.get(source, 0) < PROGRAMS_FLOOR:
            yield f"{path}:{number}: <iostream> belongs into programs only"
        # <arris/x.h> is as good as "arris/x.h"; other angle brackets are the system's, unless they name a room.
        if bracket == "<" and room_of(target) is None:
            continue
        problem = include_problem(path, target)
        if problem:
            yield f'{path}:{number}: includes "{target}": {problem}'


def check_links(path, text):
    """DEPS in a room's CMakeLists.txt. A room's library may link what its files may include, programs all below them."""
    room = path.split("/")[0]
    text = re.sub(r"#.*", "", text)
    for call in re.finditer(r"arris_room\s*\(\s*(\w+)([^)]*)\)", text):
        owner = call.group(1) if call.group(1) in FLOORS else room
        for section in re.finditer(r"\bDEPS\b(.*?)(?=\b(?:SOURCES|DEPS|TESTS|TEST_DEPS)\b|$)", call.group(2), re.S):
            for dependency in re.findall(r"\barris_(\w+)", section.group(1)):
                if dependency in FLOORS and dependency != owner and FLOORS[dependency] >= FLOORS[owner]:
                    yield f"{path}: arris_{owner} links arris_{dependency}, which is not on a lower floor"


def check_tree(root):
    problems, files = [], 0
    for top in sorted(FLOORS) + ["include/arris"]:
        for file in sorted((root / top).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.suffix in (".h", ".cc", ".def"):
                files += 1
                problems += check_source(path, file.read_text(encoding="utf-8").splitlines())
            elif file.name == "CMakeLists.txt":
                problems += check_links(path, file.read_text(encoding="utf-8"))
    return problems, files


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    problems, files = check_tree(root)
    print("\n".join(problems + [f"{files} files, {len(problems)} violations"]))
    if files == 0:
        sys.exit(f"{root.resolve()} holds no rooms: nothing was checked")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
