"""Fails if a hot handler of the interpreter saves registers or calls: whatever is rare must be a tail call to a cold handler.

usage: hot_handlers_test.py LIBARRIS_INTERP.A     (an optimised build; exit code 77: no objdump, or not x86-64)
"""
import re
import shutil
import subprocess
import sys

HOT = re.compile(r"quick_(?!.*slow)|\d+op_(?:local_(?:get|set|tee)|i(?:32|64)_const|f64_const|drop|select|block|loop|end|if_|br|br_if|br_table|call|return_)E")


def main(archive):
    objdump = shutil.which("llvm-objdump-19") or shutil.which("llvm-objdump") or shutil.which("objdump")
    if not objdump:
        print("skipped: no objdump")
        return 77
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", archive], capture_output=True, text=True, check=True).stdout
    if "x86-64" not in text:
        print("skipped: not x86-64")
        return 77
    seen, problems, name = 0, [], None
    for line in text.splitlines():
        if label := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            name = label[1] if HOT.search(label[1]) else None
            seen += name is not None
        elif name and re.search(r"\t(?:push|pop|call)[lq]?\s", line):
            problems.append(f"{name}: {line.split(chr(9), 1)[1].strip()}")
    print(*problems, f"{seen} hot handlers, {len(problems)} pushes, pops and calls", sep="\n")
    return 1 if problems or seen < 50 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
