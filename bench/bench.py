#!/usr/bin/env python3
"""Measures Arris: whole programs against native code and other engines, cold start, loading, calls. ./dev bench runs this.

Programs run interleaved, several times, and every output is compared with native's byte for byte. The exit status is 1 if Arris
fails a program or --compare finds a regression. bench/README.md tells how to read the numbers.
"""
import sys

sys.dont_write_bytecode = True  # no __pycache__ among the sources

import argparse
import json
import os
import pathlib
import re

from harness import compare, engines, html_report, programs, text_report
from harness.session import ROOT, Session, git

OUT = ROOT / "bench" / "out"
sys.path.insert(0, str(ROOT / "docs"))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the work, 3 runs: for a look, not for a claim")
    parser.add_argument("--filter", type=re.compile, metavar="REGEX", help="only the programs whose names match; no loading, no micro-benchmarks")
    parser.add_argument("--engines", type=re.compile, metavar="REGEX", help="only the engines whose names match ('^arris', 'node|wasm3')")
    parser.add_argument("--no-peers", action="store_true", help="only native and Arris")
    parser.add_argument("--tiers", default="interp,jit,auto", metavar="LIST", help="tiers of Arris, comma-separated: interp, plain (without quickening), jit, auto (default: interp,jit,auto)")
    parser.add_argument("--runs", type=int, metavar="N", help="runs of everything, the medians count (default: 5)")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: processor time, on a machine that is not idle")
    parser.add_argument("--timeout", type=int, default=120, metavar="SECONDS", help="for one run (default: 120)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the report there (bench/out/latest.json always has it)")
    parser.add_argument("--from", type=pathlib.Path, metavar="FILE", dest="from_file", help="measure nothing: report from this JSON")
    parser.add_argument("--micro", action="store_true", help="measure only the micro-benchmarks; all else is from the last report")
    parser.add_argument("--compare", metavar="BASE", help="build commit BASE too, run both interleaved, show what changed")
    parser.add_argument("--write-readme", action="store_true", help="write the table in README.md")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release", metavar="DIRECTORY", help="where bin/arris is")
    options = parser.parse_args()
    if options.runs is not None and options.runs < 1:
        parser.error("--runs must be at least 1")
    options.runs = options.runs or (3 if options.quick else 5)
    options.tiers = options.tiers.split(",")
    unknown = set(options.tiers) - {name for name, _ in engines.ARRIS_TIERS}
    if unknown:
        parser.error(f"--tiers: no tier {', '.join(sorted(unknown))}")
    if options.write_readme and (options.filter or options.quick):
        parser.error("--write-readme takes a whole run: without --filter and --quick")
    if options.micro and (options.filter or options.compare or options.from_file):
        parser.error("--micro takes the last whole report: without --filter, --compare and --from")
    if options.compare:
        options.no_peers = True
    return options


def progress(text):
    """One line that overwrites itself, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def measure(options):
    """The report, and what --compare adds to it."""
    arris, micro = options.build / "bin" / "arris", options.build / "bin" / "arris-bench"
    if not arris.exists():
        raise SystemExit(f"bench: {arris} is not built (./dev build)")
    tiers = engines.arris_tiers(arris, options.tiers)
    session = Session(options, progress)
    if options.micro:
        return measure_micro(session, arris, micro)
    if options.compare:
        base_arris, base_micro, commit = compare.build_base(options.compare, progress)
        session.prepare([e for pair in zip(compare.base_engines(base_arris, options.tiers), tiers) for e in pair])
    else:
        session.prepare(tiers)
    report = session.measure(arris, micro)
    if options.compare:
        rows = compare.changes(report, session.run_micro(base_micro) if report["micro"] else {}, session.binary_size(base_arris))
        report["compare"] = {"base": commit, "changes": rows}
    progress("")
    return report


def measure_micro(session, arris, micro):
    report = json.loads((OUT / "latest.json").read_text(encoding="utf-8"))
    report |= {"micro": session.run_micro(micro), "micro_commit": git("rev-parse", "--short", "HEAD"), "binary_bytes": session.binary_size(arris)}
    report["failures"] += session.failures
    progress("")
    return report


def main():
    options = parse_arguments()
    try:
        report = json.loads(options.from_file.read_text(encoding="utf-8")) if options.from_file else measure(options)
    except (programs.CompileError, compare.BuildError, OSError, ValueError) as error:
        progress("")
        raise SystemExit(f"bench: {error}") from error
    OUT.mkdir(parents=True, exist_ok=True)
    if not options.from_file:
        for path in [OUT / "latest.json"] + ([options.json] if options.json else []):
            path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (OUT / "report.html").write_text(html_report.page(report), encoding="utf-8")
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(text_report.terminal(report, colour))
    worse = []
    if "compare" in report:
        print(compare.terminal(report["compare"]["changes"], report["compare"]["base"], colour))
        worse = [row for row in report["compare"]["changes"] if row["verdict"] == "worse"]
    if options.write_readme:
        from readme_section import replace_section
        replace_section(ROOT / "README.md", "bench", text_report.readme(report))
    print(f"\nchart: {os.path.relpath(OUT / 'report.html')}", file=sys.stderr)
    return 1 if report["failures"] or worse else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the report has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
