"""The release program stays small: binary_size_test.py PROGRAM LINK_MAP. What comes in unnoticed (a library's locale machinery, a
demangler, a table of printable floats) weighs tens or hundreds of kilobytes each. The link map tells what weighs what, so that each
part has a limit of its own; a part that grows for a reason gets a new one here."""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
KILO = 1000

# Part: its limit, and the archives it is made of. Everything else is the interpreter with its libraries and command line.
PARTS = {
    "the compilers": (420 * KILO, ("libarris_jit.a", "libarris_masm.a", "libarris_opt.a", "libarris_aot.a", "libasmjit.a")),
    "source lines of traps": (200 * KILO, ("libarris_symbols.a", "libdw.a", "libelf.a", "libiberty.a", "cp-demangle.o", "libz.a", "liblzma.a",
                                           "libbz2.a", "libzstd.a")),
    "arris objdump": (30 * KILO, ("objdump_command.cc.o", "disassembly.cc.o", "listing.cc.o", "child_process.cc.o", "quick_names.cc.o",
                                  "module_text.cc.o", "machine_code.cc.o")),
}
REST, REST_LIMIT = "the interpreter and the rest", 1350 * KILO
ALL, ALL_LIMIT = "all, stripped", 2000 * KILO

# "  VMA  LMA  SIZE ALIGN FILE:(SECTION)" as lld writes it
ROW = re.compile(r"^\s*[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+\s+(\S.*):\((\.[^)]+)\)$")
NOT_LOADED = (".bss", ".tbss", ".debug", ".symtab", ".strtab", ".shstrtab", ".comment")


def stripped_size(program):
    with tempfile.TemporaryDirectory() as directory:
        stripped = os.path.join(directory, "stripped")
        subprocess.run(["strip", "-o", stripped, program], check=True)
        return os.path.getsize(stripped)


def sizes_of_parts(link_map):
    sizes = collections.Counter()
    with open(link_map, encoding="utf-8", errors="replace") as file:
        for line in file:
            row = ROW.match(line)
            if not row or row[3].startswith(NOT_LOADED):
                continue
            for part, (_, members) in PARTS.items():
                if any(f"{member}(" in row[2] or f"({member})" in row[2] for member in members):
                    sizes[part] += int(row[1], 16)
    return sizes


def main(program, link_map):
    if not shutil.which("strip"):
        print("skipped: strip is not installed (binutils)")
        return SKIPPED
    size, sizes = stripped_size(program), sizes_of_parts(link_map)
    rows = [(part, sizes[part], limit) for part, (limit, _) in PARTS.items()]
    rows.append((REST, size - sum(sizes.values()), REST_LIMIT))
    rows.append((ALL, size, ALL_LIMIT))
    for part, measured, limit in rows:
        print(f"{measured:9} of {limit:9} bytes: {part}{'' if measured <= limit else '   TOO LARGE'}")
    return 0 if all(measured <= limit for _, measured, limit in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
