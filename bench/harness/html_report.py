"""The report as one self-contained page with SVG charts: nothing is loaded, so it can be mailed or attached."""
import html
import math

from .text_report import cold_cells, engine_cells, heading, load_cells, micro_cells, number, program_cells, target_cells

STYLE = """
:root { color-scheme: light dark; --text: #1a1c1f; --dim: #667; --line: #d8dbe0; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --dim: #9aa3af; --line: #363b42; --page: #15181c; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
p { color: var(--dim); } table { border-collapse: collapse; margin: .6rem 0 1.8rem; font-variant-numeric: tabular-nums; }
td, th { padding: .18rem .7rem; border-bottom: 1px solid var(--line); text-align: right; } td:first-child, th:first-child { text-align: left; }
.scroll { overflow-x: auto; } svg { width: 100%; height: auto; } svg text { fill: var(--text); font-size: 12px; } svg .dim { fill: var(--dim); }
svg line { stroke: var(--line); } .goal { color: #15803d; } .missed { color: #dc2626; }
"""
COLOURS = {"native": "#8a94a3", "arris": "#e4572e"}
PEER_COLOURS = ["#3b7dd8", "#2a9d8f", "#8e6bbf", "#c39a2d", "#5c9e4a", "#b0567d", "#4a90a4", "#7d7f4f"]
LEFT, WIDTH, BAR, GAP = 150, 900, 11, 9


def bars(groups, unit, log=True):
    """Horizontal bars: groups of (label, [(series, colour, value or None, note)])."""
    values = [value for _, row in groups for _, _, value, _ in row if value]
    if not values:
        return ""
    low, high = (min(0.9, *values) if log else 0, max(values) * (1.25 if log else 1.1))

    def x(value):
        share = math.log(value / low) / math.log(high / low) if log else value / high
        return LEFT + share * (WIDTH - LEFT - 70)

    out, y = [], 24
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if low <= t <= high] if log else [high * i / 5 for i in range(6)]
    body_height = sum(len(row) * BAR + GAP for _, row in groups)
    for tick in ticks:
        out.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="18" y2="{24 + body_height}"/><text class="dim" x="{x(tick):.1f}" y="12" text-anchor="middle">'
                   f"{number(tick)}{unit}</text>")
    for label, row in groups:
        out.append(f'<text x="{LEFT - 8}" y="{y + len(row) * BAR / 2 + 4:.1f}" text-anchor="end">{html.escape(label)}</text>')
        for series, colour, value, note in row:
            if value:
                title = f"{series}: {number(value)}{unit}"
                start = LEFT if not log else x(low)
                out.append(f'<rect x="{start:.1f}" y="{y}" width="{max(x(value) - start, 1):.1f}" height="{BAR - 2}" fill="{colour}" rx="1.5"><title>{html.escape(title)}</title></rect>'
                           f'<text class="dim" x="{x(value) + 4:.1f}" y="{y + BAR - 2}" style="font-size:10px">{number(value)}</text>')
            else:
                out.append(f'<text class="dim" x="{LEFT + 4}" y="{y + BAR - 2}" style="font-size:10px">{html.escape(note)}</text>')
            y += BAR
        y += GAP
    return f'<svg viewBox="0 0 {WIDTH} {y + 10}" role="img">{"".join(out)}</svg>'


def table(header, rows, classes=None):
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join(f'<tr class="{classes[i] if classes else ""}">' + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for i, row in enumerate(rows))
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def page(report):
    colours, peers = {}, 0
    for row in report["engines"]:
        if row["kind"] == "peer":
            colours[row["name"]] = PEER_COLOURS[peers % len(PEER_COLOURS)]
            peers += 1
        else:
            colours[row["name"]] = COLOURS[row["kind"]]
    names = [row["name"] for row in report["engines"] if row["kind"] != "native"]
    legend = " ".join(f'<span style="color:{colours[name]}">&#9632;</span>&nbsp;{html.escape(name)}' for name in names)
    parts = ["<h1>Arris benchmarks</h1>", f"<p>{html.escape(heading(report))}, {report['date']}</p>"]
    if report["programs"]:
        summary = [(row["name"], [(row["name"], colours[row["name"]], row["geomean"], "no result")]) for row in report["engines"] if row["kind"] != "native"]
        each = [(row["name"], [(name, colours[name], row["results"][name]["ratio"], row["results"][name]["status"]) for name in names]) for row in report["programs"]]
        parts += ["<h2>Geometric mean, times native</h2><p>Logarithmic; shorter is faster; 1 is native speed.</p>", bars(summary, "x"), table(*engine_cells(report)),
                  f"<h2>Every program, times native</h2><p>{legend}</p>", bars(each, "x"), table(*program_cells(report, names))]
    starts = [(f"{row['engine']}, {row['program'][6:]}", [(row["engine"], colours.get(row["engine"], "#888"), row["ms"], "fails")]) for row in report["cold_start"]]
    parts += ["<h2>Cold start: hello, milliseconds</h2>", bars(starts, ""), table(*cold_cells(report))]
    for title, cells in (("Loading", load_cells), ("Micro-benchmarks", micro_cells)):
        header, rows = cells(report)
        if rows:
            parts += [f"<h2>{title}</h2>", table(header, rows)]
    header, judged = target_cells(report)
    if judged:
        parts += ["<h2>Targets</h2>", table(header, [cells for cells, _ in judged], [verdict.replace(" ", "-") for _, verdict in judged])]
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Arris benchmarks</title><style>{STYLE}</style>{"".join(parts)}</html>\n'
