"""The programs that are measured: found in bench/programs, compiled natively and to wasm by one compiler with one set of flags."""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "programs"
FLAGS = ["-std=c17", "-O3", "-fno-math-errno", "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]


class CompileError(Exception):
    pass


@dataclasses.dataclass
class Program:
    name: str
    title: str          # "integer", "SIMD", "larger program", ...
    scale: int          # what the program takes without an argument
    quick_scale: int
    wasm_flags: list
    source: pathlib.Path
    native: pathlib.Path = None
    wasm: pathlib.Path = None

    @property
    def simd(self):
        return "-msimd128" in self.wasm_flags

    @property
    def larger(self):
        return self.title == "larger program"


def parse(source):
    """A program says in its first comment what it is ("integer: ..."), with `wasm: FLAGS` and `quick: SCALE` where needed."""
    text = source.read_text(encoding="utf-8")
    comment = text[text.index("/*") + 2:text.index("*/")]
    scale = re.search(r"scale_of\(argc, argv, (\d+)\)", text)
    if not scale:
        return None  # hello.c
    scale = int(scale.group(1))
    flags = re.search(r"wasm: ((?:-\S+ ?)+)", comment)
    quick = re.search(r"quick: (\d+)", comment)
    return Program(source.stem, " ".join(comment.split(":")[0].split()), scale, int(quick.group(1)) if quick else max(scale // 4, 1),
                   flags.group(1).split() if flags else [], source)


def find_all():
    found = [parse(source) for source in sorted(SOURCES.glob("*.c"))]
    return sorted((program for program in found if program), key=lambda p: (p.larger, p.simd, p.title, p.name))


class Toolchain:
    """The C compiler for both sides. CC and WASI_SYSROOT in the environment replace Debian's."""

    def __init__(self, directory):
        self.directory = directory
        self.compiler = os.environ.get("CC") or shutil.which("clang-19") or shutil.which("clang")
        if not self.compiler:
            raise CompileError("no C compiler: clang-19 is not installed (./dev bench installs it), and CC is not set")
        self.sysroot = os.environ.get("WASI_SYSROOT", "/usr")
        directory.mkdir(parents=True, exist_ok=True)

    def version(self):
        return subprocess.run([self.compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def run(self, arguments, output, sources):
        """Compiles unless the output is newer than all its sources and this command made it."""
        command = [self.compiler, *arguments, "-o", str(output)]
        stamp = output.with_name(output.name + ".command")
        if output.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == repr(command) and all(
                source.stat().st_mtime <= output.stat().st_mtime for source in sources):
            return output
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CompileError(f"{' '.join(command)}\n{done.stderr.strip()}")
        stamp.write_text(repr(command), encoding="utf-8")
        return output

    def native(self, name, arguments, sources):
        return self.run([*FLAGS, *arguments, "-lm"], self.directory / name, sources)

    def wasm(self, name, arguments, sources):
        return self.run(["--target=wasm32-wasi", f"--sysroot={self.sysroot}", *FLAGS, *arguments], self.directory / f"{name}.wasm", sources)

    def compile(self, program):
        sources = [program.source, SOURCES / "bench.h"]
        program.native = self.native(program.name, [str(program.source)], sources)
        program.wasm = self.wasm(program.name, [*program.wasm_flags, str(program.source)], sources)

    def compile_hello(self):
        source = SOURCES / "hello.c"
        return self.native("hello", [str(source)], [source]), self.wasm("hello", [str(source)], [source])

    def compile_all_in_one(self, programs):
        """One module that holds the code of every program; its main says hello. What the big modules are made of."""
        driver = self.directory / "all_in_one.c"
        text = "#include <stdio.h>\n" + "".join(f"int {p.name}_main(int, char **);\n" for p in programs)
        text += "int main(int argc, char **argv) {\n  puts(\"hello\");\n  switch (argc) {\n"
        text += "".join(f"    case {100 + i}: return {p.name}_main(argc, argv);\n" for i, p in enumerate(programs)) + "  }\n  return 0;\n}\n"
        if not driver.exists() or driver.read_text(encoding="utf-8") != text:
            driver.write_text(text, encoding="utf-8")
        objects = []
        for program in programs:
            target = self.directory / f"{program.name}.wasm.o"
            self.run(["--target=wasm32-wasi", f"--sysroot={self.sysroot}", *FLAGS, *program.wasm_flags, f"-Dmain={program.name}_main", "-Wno-return-type", "-c",
                      str(program.source)], target, [program.source, SOURCES / "bench.h"])
            objects.append(target)
        return self.wasm("all_in_one", [str(driver), *map(str, objects)], [driver, *objects])
