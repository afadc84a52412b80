"""Replaces the text between <!-- NAME:begin --> and <!-- NAME:end --> in a Markdown file by standard input.

usage: readme_section.py FILE NAME < TEXT

The measured tables of README.md are filled in this way, by ./dev conformance and ./dev bench, never by hand.
"""
import pathlib
import sys


def replace_section(file, name, text):
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    whole = pathlib.Path(file).read_text(encoding="utf-8")
    if whole.count(begin) != 1 or whole.count(end) != 1 or whole.index(begin) > whole.index(end):
        raise SystemExit(f"{file}: expected one {begin} before one {end}")
    head, rest = whole.split(begin)
    tail = rest.split(end)[1]
    pathlib.Path(file).write_text(f"{head}{begin}\n{text.strip()}\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    replace_section(sys.argv[1], sys.argv[2], sys.stdin.read())
