"""Running commands and making numbers of the runs."""
import dataclasses
import math
import pathlib
import re
import statistics
import subprocess

SELF_TIMED = re.compile(rb"^bench-ms (\S+) (\S+)$", re.MULTILINE)


@dataclasses.dataclass
class Result:
    status: str  # exit code, -signal, "timeout", or "cannot run"
    wall_ms: float
    cpu_ms: float
    rss_kib: int
    output: bytes
    errors: bytes

    def time_ms(self, clock):
        """What counts: what the program says itself it took (peers/*.mjs, without the start of a JavaScript engine), else all."""
        said = SELF_TIMED.search(self.errors)
        if said:
            return float(said.group(2 if clock == "cpu" else 1))
        return self.cpu_ms if clock == "cpu" else self.wall_ms


class Launcher:
    """Starts commands through launch.c, which is compiled into `directory`."""

    def __init__(self, toolchain, directory):
        source = pathlib.Path(__file__).resolve().parent / "launch.c"
        self.output = directory / "output"
        self.binary = toolchain.run(["-O2", "-static", str(source)], directory / "launch", [source])

    def run(self, command, timeout=120):
        done = subprocess.run([str(self.binary), str(self.output), str(timeout), *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return Result("cannot run", math.nan, math.nan, 0, b"", done.stderr.encode())
        status, wall, cpu, rss = done.stdout.split()
        errors = self.output.with_name(self.output.name + ".err").read_bytes()
        return Result(status, int(wall) / 1e6, int(cpu) / 1e6, int(rss), self.output.read_bytes(), errors)


def median(values):
    return statistics.median(values) if values else math.nan


def spread(values):
    """Half the distance between the quartiles, relative to the median: how far runs of one thing differ."""
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / median(values)


def geomean(values):
    values = [value for value in values if value and not math.isnan(value)]
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan


def finite(value, digits):
    """For JSON, which has no NaN."""
    return None if value is None or math.isnan(value) else round(value, digits)
