"""One measurement from start to end: compiles, runs everything interleaved, returns what the report shows (a plain dictionary:
the JSON of --json). Times are medians over the runs, of wall time or with --clock cpu of processor time."""
import datetime
import json
import math
import os
import pathlib
import platform
import shutil
import subprocess

from . import big_module, engines, programs
from .measure import Launcher, finite, geomean, median, spread

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HELLO_RUNS = {False: 40, True: 10}  # by --quick
BIG_MODULES = {"10 MB": 10_000_000, "20 MB": 20_000_000}


def git(*arguments, cwd=ROOT):
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def machine():
    model = platform.machine()
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.system(), "load": round(os.getloadavg()[0], 2)}


class Session:
    def __init__(self, options, say):
        self.options, self.say = options, say
        self.directory = ROOT / "build" / "bench"
        self.toolchain = programs.Toolchain(self.directory)
        self.launcher = Launcher(self.toolchain, self.directory)
        self.failures = []  # of Arris: they make the exit status

    # --- what runs ---

    def prepare(self, arris_engines):
        options = self.options
        self.programs = [p for p in programs.find_all() if not options.filter or options.filter.search(p.name)]
        for i, program in enumerate(self.programs):
            self.say(f"compiling {i + 1}/{len(self.programs)} {program.name}")
            self.toolchain.compile(program)
        self.hello_native, self.hello_wasm = self.toolchain.compile_hello()
        self.hello_wat = programs.SOURCES / "hello.wat"
        candidates = arris_engines + ([] if options.no_peers else engines.peers_on_path())
        if options.engines:
            candidates = [e for e in candidates if options.engines.search(e.name)]
        usable, self.unusable = engines.usable(candidates, self.hello_wasm, self.launcher)
        for engine, reason in self.unusable:
            if engine.kind == "arris" and not engine.name.endswith((" plain", " jit")):
                self.failures.append(f"{engine.name} cannot run hello: {reason}")
        self.engines = [engines.native(), *usable]

    # --- whole programs ---

    def run_programs(self):
        options, times, status, rss = self.options, {}, {}, {}
        total = options.runs * len(self.programs) * len(self.engines)
        done = 0
        for run in range(options.runs):
            for program in self.programs:
                scale = [str(program.quick_scale if options.quick else program.scale)]
                for engine in self.engines:
                    done += 1
                    key = (program.name, engine.name)
                    if status.get(key, "ok") != "ok":
                        continue
                    self.say(f"run {run + 1}/{options.runs}  {100 * done // total:3}%  {program.name} on {engine.name}")
                    result = self.launcher.run(engine.command(program, scale), options.timeout)
                    if engine.kind == "native":
                        expected = result.output
                    status[key] = self.judge(engine, result, expected)
                    if status[key] != "ok":
                        if engine.kind == "arris":
                            reason = (result.errors.decode(errors="replace").strip().splitlines() or [""])[0]
                            self.failures.append(f"{program.name} on {engine.name}: {status[key]} {reason}".strip())
                        continue
                    times.setdefault(key, []).append(result.time_ms(options.clock))
                    rss[key] = max(rss.get(key, 0), result.rss_kib)
        return [self.program_row(program, times, status, rss) for program in self.programs]

    @staticmethod
    def judge(engine, result, expected):
        if result.status != "0":
            return "timeout" if result.status == "timeout" else f"failed ({result.status})"
        return "ok" if engine.kind == "native" or result.output == expected else "wrong output"

    def program_row(self, program, times, status, rss):
        native = median(times.get((program.name, "native"), []))
        results = {}
        for engine in self.engines:
            key = (program.name, engine.name)
            mine = times.get(key, [])
            ratio = median(mine) / native if mine else math.nan
            results[engine.name] = {"status": status[key], "ms": finite(median(mine), 3), "spread": finite(spread(mine), 4),
                                    "ratio": finite(ratio, 3), "rss_kib": rss.get(key), "runs_ms": [round(t, 3) for t in mine]}
        return {"name": program.name, "title": program.title, "simd": program.simd, "larger": program.larger, "wasm_bytes": program.wasm.stat().st_size,
                "results": results}

    def engine_rows(self, rows):
        out = []
        for engine in self.engines:
            ratios = {row["name"]: row["results"][engine.name]["ratio"] for row in rows}
            scalar = {row["name"]: ratios[row["name"]] for row in rows if not row["simd"] and ratios[row["name"]]}
            worst = max(scalar, key=scalar.get) if scalar else None
            out.append({"name": engine.name, "kind": engine.kind, "version": engine.version, "geomean": finite(geomean(ratios.values()), 3),
                        "geomean_scalar": finite(geomean(scalar.values()), 3), "worst": worst, "worst_ratio": scalar.get(worst),
                        "programs": sum(1 for r in ratios.values() if r)})
        return out

    # --- cold start ---

    def run_cold_start(self):
        cases = [("native", "hello.c", [str(self.hello_native)])]
        for engine in self.engines[1:]:
            cases.append((engine.name, "hello.c", engine.wasm_command(self.hello_wasm)))
            if engine.kind == "arris":
                cases.append((engine.name, "hello.wat", engine.wasm_command(self.hello_wat)))
        # A measurement of the shortest runs: the machine warm, many rounds, everything interleaved.
        wall, own, cpu, rss, bad = {}, {}, {}, {}, set()
        for round_index in range(HELLO_RUNS[self.options.quick]):
            self.say(f"cold start, round {round_index + 1}")
            for engine, program, command in cases:
                key = (engine, program)
                if key in bad or (round_index >= 8 and wall.get(key, [0])[0] > 30):
                    continue  # eight rounds suffice for what takes long anyway
                result = self.launcher.run(command, 60)
                if result.status != "0" or result.output != b"hello\n":
                    bad.add(key)
                    if engine.startswith(("arris", "base")):
                        self.failures.append(f"{program} on {engine}: status {result.status}, {result.errors.decode(errors='replace').strip()[:200]}")
                    continue
                wall.setdefault(key, []).append(result.cpu_ms if self.options.clock == "cpu" else result.wall_ms)
                own.setdefault(key, []).append(result.time_ms(self.options.clock))
                cpu.setdefault(key, []).append(result.cpu_ms)
                rss.setdefault(key, []).append(result.rss_kib)
        native = median(wall[("native", "hello.c")])
        self.start_of, self.start_cpu_of = ({engine: median(times) for (engine, program), times in all_times.items() if program == "hello.c"}
                                            for all_times in (own, cpu))
        return [{"engine": engine, "program": program, "ms": finite(median(wall.get((engine, program), [])), 3),
                 "spread": finite(spread(wall.get((engine, program), [])), 4), "ratio": finite(median(wall.get((engine, program), [])) / native, 3),
                 "rss_kib": median(rss[(engine, program)]) if (engine, program) in rss else None} for engine, program, _ in cases]

    # --- loading ---

    def big_modules(self):
        seed = self.toolchain.compile_all_in_one(programs.find_all())
        made = {}
        for label, size in BIG_MODULES.items():
            path = self.directory / f"big_{label.split()[0]}.wasm"
            if not path.exists() or path.stat().st_mtime < seed.stat().st_mtime:
                path.write_bytes(big_module.enlarge(seed.read_bytes(), size))
            made[label] = path
        return made

    def run_load(self):
        """Whole processes that start with a big module: its code is loaded and validated, then main says hello."""
        rows, made, given_up = [], self.big_modules(), set()
        for label, path in made.items():
            times = {engine.name: [] for engine in self.engines[1:]}
            cpu = {engine.name: [] for engine in self.engines[1:]}
            for run in range(3 if self.options.quick else 5):
                for engine in self.engines[1:]:
                    mine = times[engine.name]
                    if engine.name in given_up or (run and (not mine or mine[0] > 2000)):
                        continue  # it cannot, or takes so long that one run says enough
                    self.say(f"loading {label} on {engine.name}")
                    result = self.launcher.run(engine.wasm_command(path), 60)
                    if result.status == "0" and result.output == b"hello\n":
                        mine.append(result.time_ms(self.options.clock))
                        cpu[engine.name].append(result.cpu_ms)
                    elif engine.kind == "arris":
                        self.failures.append(f"{label} module on {engine.name}: status {result.status}, {result.errors.decode(errors='replace').strip()[:200]}")
            for engine, mine in times.items():
                if mine:
                    if mine[0] > 10_000:
                        given_up.add(engine)  # the bigger module would take minutes
                    # Without what hello takes: of the time until hello, and of the processor time of all threads.
                    speed, speed_per_core = (finite(path.stat().st_size / 1e3 / max(all_of - start.get(engine, 0), all_of / 10), 1)
                                             for all_of, start in ((median(mine), self.start_of), (median(cpu[engine]), self.start_cpu_of)))
                    rows.append({"module": label, "bytes": path.stat().st_size, "engine": engine, "ms": finite(median(mine), 2),
                                 "mb_per_s": speed, "mb_per_cpu_s": speed_per_core})
        return rows

    def run_micro(self, binary):
        """arris-bench, the Google Benchmark binary: name -> nanoseconds and bytes per second."""
        if not binary.exists():
            return {}
        output = self.directory / "micro.json"
        output.unlink(missing_ok=True)
        environment = {**os.environ, "ARRIS_BENCH_MODULE": str(self.big_modules()["10 MB"])}
        command = [str(binary), f"--benchmark_out={output}", "--benchmark_out_format=json", f"--benchmark_min_time={0.05 if self.options.quick else 0.3}",
                   f"--benchmark_repetitions={1 if self.options.quick else 3}", "--benchmark_enable_random_interleaving=true"]
        self.say("micro-benchmarks")
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0 or not output.exists():
            self.failures.append(f"{binary.name}: {done.stderr.strip()[-300:]}")
            return {}
        rows = micro_rows(json.loads(output.read_text(encoding="utf-8")), self.options.clock)
        listed = subprocess.run([str(binary), "--benchmark_list_tests"], capture_output=True, text=True, check=False).stdout
        order = [micro_name(name) for name in listed.split()]  # they ran in random order
        return {name: rows[name] for name in order if name in rows}

    def binary_size(self, binary):
        if not binary.exists() or not shutil.which("strip"):
            return None
        stripped = self.directory / "stripped"
        done = subprocess.run(["strip", "-o", str(stripped), str(binary)], capture_output=True, check=False)
        return stripped.stat().st_size if done.returncode == 0 else None

    # --- all of it ---

    def measure(self, arris, micro):
        rows_cold = self.run_cold_start()
        rows = self.run_programs() if self.programs else []
        everything = not self.options.filter
        return {"format": 1, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": machine(),
                "commit": git("rev-parse", "--short", "HEAD"), "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
                "compiler": self.toolchain.version(), "flags": " ".join(programs.FLAGS[:4]), "runs": self.options.runs, "quick": self.options.quick,
                "clock": self.options.clock, "engines": self.engine_rows(rows), "programs": rows, "cold_start": rows_cold,
                "load": self.run_load() if everything else [], "micro": self.run_micro(micro) if everything else {},
                "binary_bytes": self.binary_size(arris), "left_out": [[e.name, reason] for e, reason in self.unusable], "failures": self.failures}


def micro_name(name):
    """Without what Google Benchmark adds to tell how it was measured."""
    return name.split("/repeats:")[0].removesuffix("/real_time").removesuffix("/process_time")


def micro_rows(report, clock):
    """Medians by name of Google Benchmark's JSON, in nanoseconds, with what counters the benchmark set."""
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    runs = {}
    for run in report["benchmarks"]:
        if run.get("run_type") == "iteration" and not run.get("error_occurred"):
            runs.setdefault(micro_name(run["name"]), []).append(run)
    rows = {}
    for name, mine in runs.items():
        full_name = mine[0]["name"].split("/repeats:")[0]
        threads = full_name.endswith("/real_time")  # work of several threads: only wall time says anything
        key = "cpu_time" if full_name.endswith("/process_time") or (clock == "cpu" and not threads) else "real_time"
        row = {"ns": finite(median([run[key] * units[run["time_unit"]] for run in mine]), 3)}
        if "bytes_per_second" in mine[0]:  # which the library counts in processor time
            counted = "real_time" if threads else "cpu_time"
            row["bytes_per_second"] = finite(median([run["bytes_per_second"] * run[counted] / run[key] for run in mine]), 1)
        if "rss_bytes" in mine[0]:
            row["rss_bytes"] = finite(median([run["rss_bytes"] for run in mine]), 1)
        rows[name] = row
    return rows
