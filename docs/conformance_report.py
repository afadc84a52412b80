"""Writes docs/conformance.md and the README's conformance table from what arris-spectest --json reported.

usage: conformance_report.py REPORT.json... --docs FILE --readme FILE

One report per tier: {"tier": "interp", "files": [{"path": "proposals/threads/atomic.wast", "passed": 3, "failed": 0,
"skipped": 0}, ...]}, paths being relative to the suite.
"""
import argparse
import json
import pathlib

from readme_section import replace_section

COUNTS = ("passed", "failed", "skipped")


def folder_of(path):
    """The suite's parts: its top level is WebAssembly 3.0, each folder something of its own."""
    return "core" if "/" not in path else path.rsplit("/", 1)[0]


def folder_order(folder):
    order = ("core", "legacy", "custom")
    return (order.index(folder) if folder in order else len(order), folder)


def table(header, rows):
    align = ["---"] + ["---:" if isinstance(cell, int) else "---" for cell in rows[0][1:]]
    cells = [header, align] + [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def summary_rows(reports):
    rows = []
    for report in reports:
        folders = {}
        for file in report["files"]:
            counts = folders.setdefault(folder_of(file["path"]), [0, 0, 0, 0])
            counts[0] += 1
            for i, name in enumerate(COUNTS):
                counts[i + 1] += file[name]
        rows += [(folder, report["tier"], *folders[folder]) for folder in sorted(folders, key=folder_order)]
        rows.append(("**all**", report["tier"], *map(sum, zip(*folders.values()))))
    return rows


def summary(reports):
    return table(["part of the suite", "tier", "files", *COUNTS], summary_rows(reports))


def document(reports):
    parts = [
        "# Conformance",
        "Written by `./dev conformance`; do not edit. Counted are the commands of the official test suite's scripts at commit"
        " 193e551: assertions, and the definitions and actions they build on. `core` is WebAssembly 3.0.",
        summary(reports),
    ]
    for report in reports:
        imperfect = [file for file in report["files"] if file["failed"] or file["skipped"]]
        parts.append(f"## Files that do not pass whole, tier {report['tier']}")
        if imperfect:
            parts.append(table(["file", *COUNTS], [(file["path"], *(file[name] for name in COUNTS)) for file in imperfect]))
        else:
            parts.append("None.")
    return "\n\n".join(parts) + "\n"


def load(path):
    report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    if not report["files"]:
        raise SystemExit(f"{path}: a report of no files")
    report["files"].sort(key=lambda file: (folder_order(folder_of(file["path"])), file["path"]))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", nargs="+")
    parser.add_argument("--docs", required=True)
    parser.add_argument("--readme", required=True)
    options = parser.parse_args()
    reports = [load(path) for path in options.reports]
    pathlib.Path(options.docs).write_text(document(reports), encoding="utf-8")
    replace_section(options.readme, "conformance", summary(reports))


if __name__ == "__main__":
    main()
