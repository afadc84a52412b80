"""Two commits in one run: BASE is built in a worktree of its own, both run interleaved on the same programs, and what got worse by
more than the noise is a regression."""
import os
import pathlib
import shutil
import subprocess

from . import engines
from .session import ROOT, git
from .text_report import COLOURS, PLAIN, columns, duration, number

THRESHOLD = 0.05  # of the median; below it nothing counts, however quiet the machine


class BuildError(Exception):
    pass


def run(command, what):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{what} failed: {' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-3000:]}")


def build_base(base, say):
    """The binaries of commit `base`: (arris, arris-bench or None, its short name)."""
    commit = git("rev-parse", "--verify", "--short", f"{base}^{{commit}}")
    if not commit:
        raise BuildError(f"--compare: {base} is not a commit")
    tree = ROOT / "build" / "bench-base" / commit
    build = tree / "build" / "release"
    if not (tree / "CMakeLists.txt").exists():
        say(f"checking out {commit}")
        tree.parent.mkdir(parents=True, exist_ok=True)
        run(["git", "-C", ROOT, "worktree", "prune"], "git worktree prune")
        run(["git", "-C", ROOT, "worktree", "add", "--detach", tree, commit], "git worktree add")
    say(f"building {commit}")
    compiler = os.environ.get("CXX") or shutil.which("clang++-19") or "clang++"
    run(["cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_CXX_COMPILER={compiler}", "-DARRIS_BUILD_TESTS=OFF",
         "-DARRIS_BUILD_BENCH=ON"], "configuring the base")
    run(["ninja", "-C", build, "arris"], "building the base")
    micro = subprocess.run(["ninja", "-C", build, "arris-bench"], capture_output=True, check=False).returncode == 0
    return build / "bin" / "arris", build / "bin" / "arris-bench" if micro else pathlib.Path("/nonexistent"), commit


def base_engines(arris, tiers):
    return engines.arris_tiers(arris, tiers, prefix="base")


def change(name, before, after, noise, show):
    """One line of the comparison; more is worse."""
    ratio = after / before
    limit = max(THRESHOLD, 2 * noise)
    verdict = "worse" if ratio > 1 + limit else "better" if ratio < 1 / (1 + limit) else ""
    return {"name": name, "before": show(before), "after": show(after), "ratio": ratio, "noise": noise, "verdict": verdict}


def changes(report, base_micro, base_bytes):
    """Everything that both sides have, from a report whose engines are `base TIER` and `arris TIER`."""
    out = []

    def ms(value):
        return f"{number(value)} ms"

    for engine in report["engines"]:
        if not engine["name"].startswith("base "):
            continue
        tier = engine["name"].removeprefix("base ")
        for row in report["programs"]:
            before, after = row["results"][engine["name"]], row["results"].get(f"arris {tier}")
            if after and before["ms"] and after["ms"]:
                out.append(change(f"{row['name']} ({tier})", before["ms"], after["ms"], max(before["spread"], after["spread"]), ms))
        for row in report["load"]:
            after = next((r for r in report["load"] if r["engine"] == f"arris {tier}" and r["module"] == row["module"]), None)
            if row["engine"] == engine["name"] and after:
                out.append(change(f"start a module of {row['module']} ({tier})", row["ms"], after["ms"], 0.03, ms))
        for row in report["cold_start"]:
            after = next((r for r in report["cold_start"] if r["engine"] == f"arris {tier}" and r["program"] == row["program"]), None)
            if row["engine"] == engine["name"] and after and row["ms"] and after["ms"]:
                out.append(change(f"{row['program']} cold start ({tier})", row["ms"], after["ms"], max(row["spread"], after["spread"]), ms))
                out.append(change(f"{row['program']} peak RSS ({tier})", row["rss_kib"], after["rss_kib"], 0, lambda kib: f"{number(kib)} KiB"))
    for name, after in report["micro"].items():
        before = base_micro.get(name)
        if before and before["ns"] and after["ns"]:
            out.append(change(name, before["ns"], after["ns"], 0.05, duration))
    if base_bytes and report["binary_bytes"]:
        out.append(change("arris, stripped", base_bytes, report["binary_bytes"], 0, lambda size: f"{number(size / 1e3)} kB"))
    return out


def terminal(rows, base, colour):
    c = COLOURS if colour else PLAIN
    marks = {"worse": c["bad"], "better": c["good"], "": ""}
    lines = columns([[row["name"], row["before"], row["after"], f"{100 * (row['ratio'] - 1):+.1f}%", f"+-{100 * row['noise']:.1f}%", row["verdict"]] for row in rows],
                    ["comparison", base, "now", "change", "noise", ""])
    out = ["", c["bold"] + lines[0] + c["end"]]
    out += [marks[row["verdict"]] + line + (c["end"] if marks[row["verdict"]] else "") for line, row in zip(lines[1:], rows)]
    worse = [row["name"] for row in rows if row["verdict"] == "worse"]
    out.append(f"{c['bad']}{len(worse)} regressions: {', '.join(worse)}{c['end']}" if worse else f"{c['good']}no regressions{c['end']}")
    return "\n".join(out)
