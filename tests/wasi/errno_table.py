"""Holds the table of docs/wasi.md against the sources: every function of wasi/preview1.def has one row, whose errnos are exactly
those that the guests errnos_*.c provoke (tests/wasi/errnos_*.expected, which their runs are compared with), and every test
that the page names exists.

usage: errno_table.py SOURCE_DIRECTORY
"""
import collections
import pathlib
import re
import sys


def functions(root):
    return re.findall(r"^WASI_FUNCTION\((\w+),", (root / "wasi/preview1.def").read_text(), re.M)


def errno_names(root):
    table = (root / "wasi/errnos.def").read_text()
    return {text for text in re.findall(r'^WASI_ERRNO\(.*"(\w+)"\)', table, re.M)}


def provoked(root):
    """function -> errno -> guests"""
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for file in sorted((root / "tests/wasi").glob("errnos_*.expected")):
        for line in file.read_text().splitlines():
            function, errno = re.match(r"(\w+) (\w+): ", line).groups()
            found[function][errno].add(file.stem)
    return found


def rows(page):
    """function -> (errnos, tests), of the table whose rows begin with the name of a function"""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"`\w+`", cells[0]):
            yield cells[0].strip("`"), set(re.findall(r"\bE[0-9A-Z]+\b", cells[1])), set(re.findall(r"`(\w+)`", cells[2]))


def existing_tests(root):
    registered = (root / "tests/wasi/CMakeLists.txt").read_text()
    names = {"errnos_" + name for name in re.findall(r"^errno_guest\((\w+)", registered, re.M)}
    names |= set(re.findall(r"^wasi_(?:c_test|test|guest)\((\w+)", registered, re.M))
    names |= {"program_" + file.stem.removesuffix("_test") for file in (root / "tests/wasi/programs").glob("*_test.py")}
    for file in (root / "wasi").glob("*_test.cc"):
        names |= {".".join(pair) for pair in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", file.read_text(), re.M)}
    return names


def check(root):
    page = (root / "docs/wasi.md").read_text()
    table, done, known = list(rows(page)), provoked(root), errno_names(root)
    named = collections.Counter(function for function, _, _ in table)
    for function in functions(root):
        if named[function] != 1:
            yield f"{function}: {named[function]} rows in docs/wasi.md"
    for function in set(named) - set(functions(root)):
        yield f"{function}: in docs/wasi.md, but not in wasi/preview1.def"
    for function, errnos, guests in table:
        provoked_errnos = set(done[function]) - {"SUCCESS"}
        for errno in sorted(errnos - provoked_errnos):
            yield f"{function}: docs/wasi.md says {errno}, which no guest provokes"
        for errno in sorted(provoked_errnos - errnos):
            yield f"{function}: {sorted(done[function][errno])} provokes {errno}, which docs/wasi.md does not name"
        for errno in sorted(errnos - known):
            yield f"{function}: {errno} is no errno of WASI"
        if "SUCCESS" not in done[function] and function != "proc_raise":
            yield f"{function}: no guest shows its success"
        for guest in sorted(set().union(*done[function].values()) ^ guests):
            yield f"{function}: {guest} is not where docs/wasi.md and the guests agree"
    tests = existing_tests(root)
    for name in sorted(set(re.findall(r"\b(?:\w+Test|Wasi|WasiThreads|Trace)\.[A-Z]\w+", page)) - tests):
        yield f"{name}: no such unit test"
    for name in sorted(set(re.findall(r"wasi_guest\.(\w+)", page)) | {guest for _, _, guests in table for guest in guests}):
        if name not in tests:
            yield f"{name}: no such test in tests/wasi/CMakeLists.txt"


def main():
    problems = list(check(pathlib.Path(sys.argv[1])))
    print("\n".join(problems) if problems else "the table of docs/wasi.md, the guests and preview1.def agree")
    sys.exit(1 if problems else 0)


main()
