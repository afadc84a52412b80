"""The report as text: for a terminal (colours only there), and as Markdown for the README."""
import math

PLAIN = {"bold": "", "dim": "", "good": "", "bad": "", "end": ""}
COLOURS = {"bold": "\x1b[1m", "dim": "\x1b[2m", "good": "\x1b[32m", "bad": "\x1b[31m", "end": "\x1b[0m"}

# The targets: (what, the number in a report, unit, first stop, goal, whether more is better)
TARGETS = [
    ("geomean to native", lambda r: engine_value(r, "arris interp", "geomean"), "x", 18, 14, False),
    ("worst scalar program", lambda r: engine_value(r, "arris interp", "worst_ratio"), "x", 40, 40, False),
    ("hello from C, time to native", lambda r: cold(r, "arris interp", "hello.c", "ratio"), "x", 1.4, 1.25, False),
    ("hello from C, peak RSS", lambda r: kib_to_mb(cold(r, "arris interp", "hello.c", "rss_kib")), "MB", 2.5, 2, False),
    ("load and validate, 10 MB module", lambda r: micro_value(r, "load/compile", "bytes_per_second", 1e-6), "MB/s", 100, 200, True),
    ("20 MB module starts in", lambda r: load_value(r, "arris interp", "20 MB", "ms"), "ms", 150, 150, False),
    ("instantiate and drop", lambda r: micro_value(r, "instantiate/small", "ns", 1e-3), "us", 25, 25, False),
    ("the same from a pool", lambda r: micro_value(r, "instantiate/pool", "ns", 1e-3), "us", 25, 5, False),
    ("10,000 live instances, each", lambda r: micro_value(r, "instantiate/10000_live", "rss_bytes", 1e-3), "kB", 100, 50, False),
    ("host call round trip", lambda r: micro_value(r, "call/host", "ns", 1), "ns", 20, 20, False),
    ("typed call into wasm", lambda r: micro_value(r, "call/typed_entry", "ns", 1), "ns", 30, 30, False),
    ("compiled code, geomean to native", lambda r: engine_value(r, "arris jit", "geomean"), "x", 2.4, 2, False),
    ("auto to the better of both, worst program (least times)", lambda r: auto_behind(r), "x", 1.1, 1.1, False),
    ("compile, wasm code per second and core", lambda r: micro_value(r, "load/jit", "bytes_per_second", 1e-6), "MB/s", 50, 100, True),
    ("10 MB module starts compiled in", lambda r: load_value(r, "arris jit", "10 MB", "ms"), "ms", 200, 200, False),
    ("compiled call, direct", lambda r: micro_value(r, "call/jit_direct", "ns", 1), "ns", 1.5, 1.5, False),
    ("compiled call, indirect", lambda r: micro_value(r, "call/jit_indirect", "ns", 1), "ns", 2.5, 2.5, False),
    ("compiled call of the host", lambda r: micro_value(r, "call/jit_host", "ns", 1), "ns", 10, 10, False),
    ("arris, stripped", lambda r: r["binary_bytes"] / 1e6 if r["binary_bytes"] else None, "MB", 2, 2, False),
]


def engine_value(report, engine, key):
    return next((row[key] for row in report["engines"] if row["name"] == engine), None)


def auto_behind(report):
    """Time in tier auto to the time in the better of the other two, where that is longest. By the least times of all runs: the same
    code runs in both, so what medians differ by is mostly the machine."""
    behind = []
    for row in report["programs"]:
        runs = [row["results"].get(f"arris {tier}", {}).get("runs_ms") for tier in ("interp", "jit", "auto")]
        if all(runs):
            interp, jit, auto = map(min, runs)
            behind.append(auto / min(interp, jit))
    return max(behind, default=None)


def cold(report, engine, program, key):
    return next((row[key] for row in report["cold_start"] if (row["engine"], row["program"]) == (engine, program)), None)


def load_value(report, engine, module, key):
    return next((row.get(key) for row in report["load"] if (row["engine"], row["module"]) == (engine, module)), None)


def micro_value(report, name, key, factor):
    row = report["micro"].get(name)
    return row[key] * factor if row and row.get(key) is not None else None


def kib_to_mb(kib):
    return None if kib is None else kib * 1024 / 1e6


def number(value, digits=3):
    """Three significant digits: 0.123, 1.23, 12.3, 123, 1234."""
    if value is None or math.isnan(value):
        return "-"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{min(decimals, 3)}f}"


def times_native(value):
    return "-" if value is None else f"{number(value)}x"


def short_status(status):
    return {"ok": "", "wrong output": "differs", "timeout": "timeout"}.get(status, "fails")


def columns(rows, header):
    """Aligned text: the first column to the left, the others to the right."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return ["  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))) for row in cells]


def markdown(rows, header):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def program_cells(report, names):
    header = ["program", "what", "native", *names]
    rows = []
    for row in report["programs"]:
        native = row["results"]["native"]["ms"]
        cells = [times_native(row["results"][n]["ratio"]) if row["results"][n]["status"] == "ok" else short_status(row["results"][n]["status"]) for n in names]
        rows.append([row["name"], row["title"], f"{number(native)} ms", *cells])
    return header, rows


def engine_cells(report):
    rows = []
    count = len(report["programs"])
    for row in report["engines"]:
        hello = cold(report, row["name"], "hello.c", "ms")
        some = "" if row["programs"] == count else f" ({row['programs']} of {count})"
        rows.append([row["name"], times_native(row["geomean"]) + some, times_native(row["geomean_scalar"]),
                     f"{times_native(row['worst_ratio'])} {row['worst']}" if row["worst"] else "-", f"{number(hello)} ms",
                     f"{number(kib_to_mb(cold(report, row['name'], 'hello.c', 'rss_kib')))} MB"])
    return ["engine", "geomean", "scalar only", "worst scalar program", "hello", "hello, peak RSS"], rows


def load_cells(report):
    return ["big module", "engine", "start to hello", "MB/s", "MB/s and core"], [
        [row["module"], row["engine"], f"{number(row['ms'])} ms", number(row["mb_per_s"]), number(row.get("mb_per_cpu_s"))] for row in report["load"]]



def cold_cells(report):
    return ["cold start", "program", "time", "to native", "peak RSS"], [
        [row["engine"], row["program"], f"{number(row['ms'])} ms", times_native(row["ratio"]), f"{number(kib_to_mb(row['rss_kib']))} MB"]
        for row in report["cold_start"]]


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{number(ns / size)} {unit}"
    return f"{number(ns)} ns"


def micro_cells(report):
    rows = []
    for name, row in report["micro"].items():
        rate, memory = row.get("bytes_per_second"), row.get("rss_bytes")
        rows.append([name, duration(row["ns"]), f"{number(rate / 1e6)} MB/s" if rate else f"{number(memory / 1e3)} kB each" if memory else ""])
    return ["micro-benchmark", "time", ""], rows


def target_cells(report):
    """Rows of (text cells, verdict): goal, first stop, missed."""
    out = []
    if not report["load"]:
        return ["target"], []  # of some programs only: nothing to judge by
    for what, get, unit, stop, goal, more in TARGETS:
        value = get(report)
        if value is None:
            continue
        reached = (lambda limit: value >= limit) if more else (lambda limit: value <= limit)  # noqa: B023
        verdict = "goal" if reached(goal) else "first stop" if reached(stop) else "missed"
        sign = ">=" if more else "<="
        out.append(([what, f"{number(value)} {unit}", f"{sign} {stop} {unit}", f"{sign} {goal} {unit}", verdict], verdict))
    return ["target", "measured", "first stop", "goal", ""], out


def heading(report):
    machine = report["machine"]
    quick = ", quick" if report["quick"] else ""
    return (f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}; {report['compiler']}; commit {report['commit'] or '?'}"
            f"{' with changes' if report['dirty'] else ''}; medians of {report['runs']} runs of {report['clock']} time{quick}"
            + (f"; micro-benchmarks measured again at {report['micro_commit']}" if report.get("micro_commit") else ""))


def terminal(report, colour):
    c = COLOURS if colour else PLAIN
    out = [c["dim"] + heading(report) + c["end"]]

    def section(lines):
        out.extend(["", c["bold"] + lines[0] + c["end"], *lines[1:]])

    names = [row["name"] for row in report["engines"] if row["kind"] != "native"]
    if report["programs"]:
        header, rows = program_cells(report, names)
        section(columns(rows, header))
        header, rows = engine_cells(report)
        section(columns(rows, header))
    header, rows = cold_cells(report)
    section(columns(rows, header))
    for cells in (load_cells, micro_cells):
        header, rows = cells(report)
        if rows:
            section(columns(rows, header))
    header, judged = target_cells(report)
    if judged:
        lines = columns([cells for cells, _ in judged], header)
        marks = {"goal": c["good"], "first stop": "", "missed": c["bad"]}
        section([lines[0], *(marks[verdict] + line + (c["end"] if marks[verdict] else "") for line, (_, verdict) in zip(lines[1:], judged))])
    for name, reason in report["left_out"]:
        out.append(f"{c['dim']}left out: {name}: {reason}{c['end']}")
    for failure in report["failures"]:
        out.append(f"{c['bad']}failed: {failure}{c['end']}")
    return "\n".join(out)


def readme(report):
    """What stands between the README's bench markers."""
    programs = report["programs"]
    larger = sum(1 for row in programs if row["larger"])
    header, rows = engine_cells(report)
    parts = [f"Time as a multiple of native `clang -O3`, {len(programs)} C programs ({len(programs) - larger} kernels, {larger} larger ones), whole processes"
             " (node without its own start); hello is a C program that prints one line.", markdown(rows, header)]
    ours = [row["name"] for row in report["engines"] if row["kind"] == "arris"]
    scale = [name for name in ("wasm3", "wasmi", "node liftoff") if any(row["name"] == name for row in report["engines"])]
    header, rows = program_cells(report, ours + scale)
    parts += ["<details><summary>Every program</summary>\n", markdown(rows, header), "\n</details>"]
    header, judged = target_cells(report)
    if judged:
        parts.append(markdown([cells[:2] + cells[3:4] for cells, _ in judged], [header[0], "measured", "goal"]))
    parts.append(f"Written by `./dev bench --write-readme` on {report['date'][:10]}: {heading(report)}. `bench/README.md` tells how to read it.")
    return "\n\n".join(parts)
