"""What the harness computes: statistics, verdicts, tables, big modules. Measures nothing."""
import math
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import big_module, compare, html_report, measure, programs, session, text_report  # noqa: E402


def result(ms, ratio, status="ok"):
    return {"status": status, "ms": ms, "spread": 0.01, "ratio": ratio, "rss_kib": 2000, "runs_ms": [ms]}


def engine(name, kind):
    return {"name": name, "kind": kind, "version": "", "geomean": 10.0, "geomean_scalar": 9.0, "worst": "fib", "worst_ratio": 20.0, "programs": 1}


def report(ours="arris interp", **changes):
    rows = [{"name": "fib", "title": "calls", "simd": False, "larger": False, "wasm_bytes": 100,
             "results": {"native": result(100.0, 1.0), ours: result(1500.0, 15.0), "node liftoff": result(None, None, "wrong output")}}]
    cold = [{"engine": "native", "program": "hello.c", "ms": 1.0, "spread": 0.0, "ratio": 1.0, "rss_kib": 1400},
            {"engine": ours, "program": "hello.c", "ms": 1.3, "spread": 0.0, "ratio": 1.3, "rss_kib": 1800}]
    whole = {"format": 1, "date": "2030-01-01T00:00:00+00:00", "machine": {"cpu": "a <cpu>", "cores": 2, "system": "Linux", "load": 0}, "commit": "abc", "dirty": False,
             "compiler": "clang", "flags": "-O3", "runs": 5, "quick": False, "clock": "wall",
             "engines": [engine("native", "native"), engine(ours, "arris"), engine("node liftoff", "peer")], "programs": rows, "cold_start": cold,
             "load": [{"module": "20 MB", "bytes": 20_000_000, "engine": ours, "ms": 120.0, "mb_per_s": 170.0}],
             "micro": {"load/compile": {"ns": 5e7, "bytes_per_second": 150e6}, "call/host": {"ns": 25.0}}, "binary_bytes": 1_500_000, "left_out": [], "failures": []}
    return {**whole, **changes}


class Statistics(unittest.TestCase):
    def test_geomean_leaves_out_what_did_not_run(self):
        self.assertAlmostEqual(measure.geomean([2.0, 8.0, None, math.nan]), 4.0)
        self.assertTrue(math.isnan(measure.geomean([])))

    def test_spread_is_relative_and_ignores_one_outlier(self):
        self.assertAlmostEqual(measure.spread([100, 100, 100, 100, 500]), 0.0)
        self.assertGreater(measure.spread([90, 95, 100, 105, 110]), 0.04)

    def test_a_program_that_times_itself_is_believed(self):
        plain = measure.Result("0", 50.0, 40.0, 1000, b"", b"some warning\n")
        timed = measure.Result("0", 50.0, 40.0, 1000, b"", b"warning\nbench-ms 12.5 11.0\n")
        self.assertEqual((plain.time_ms("wall"), plain.time_ms("cpu")), (50.0, 40.0))
        self.assertEqual((timed.time_ms("wall"), timed.time_ms("cpu")), (12.5, 11.0))

    def test_micro_rows_are_medians_in_nanoseconds(self):
        def run(time, unit="ns", **more):
            return {"name": "call/host/repeats:3", "run_type": "iteration", "real_time": time, "cpu_time": time / 2, "time_unit": unit, **more}
        benchmarks = {"benchmarks": [run(1.0), run(9.0), run(0.002, "us"), run(7, error_occurred=True)]}
        self.assertEqual(session.micro_rows(benchmarks, "wall"), {"call/host": {"ns": 2.0}})
        self.assertEqual(session.micro_rows(benchmarks, "cpu"), {"call/host": {"ns": 1.0}})

    def test_rates_follow_the_clock(self):
        def run(name):
            return {"name": name, "run_type": "iteration", "real_time": 20.0, "cpu_time": 10.0, "time_unit": "ns", "bytes_per_second": 100.0}
        benchmarks = {"benchmarks": [run("load/compile"), run("load/parallel/real_time")]}
        self.assertEqual(session.micro_rows(benchmarks, "wall")["load/compile"], {"ns": 20.0, "bytes_per_second": 50.0})
        self.assertEqual(session.micro_rows(benchmarks, "cpu")["load/compile"], {"ns": 10.0, "bytes_per_second": 100.0})
        self.assertEqual(session.micro_rows(benchmarks, "cpu")["load/parallel"], {"ns": 20.0, "bytes_per_second": 100.0})


class Programs(unittest.TestCase):
    def test_there_are_enough_and_each_says_what_it_is(self):
        found = programs.find_all()
        self.assertGreaterEqual(sum(not p.larger for p in found), 14)
        self.assertGreaterEqual(sum(p.larger for p in found), 4)
        for program in found:
            self.assertTrue(0 < len(program.title) < 30, program)
            self.assertLess(program.quick_scale, program.scale)

    def test_flags_and_scales_are_read_from_the_first_comment(self):
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory, "x.c")
            source.write_text("/* SIMD: lanes.\n * wasm: -msimd128 */\nint main() { scale_of(argc, argv, 40); }")
            program = programs.parse(source)
        self.assertEqual((program.title, program.scale, program.quick_scale, program.wasm_flags, program.simd), ("SIMD", 40, 10, ["-msimd128"], True))


class BigModule(unittest.TestCase):
    MODULE = b"\0asm\1\0\0\0" + b"\x00\x04\x03abc" + b"\x01\x04\x01\x60\x00\x00" + b"\x03\x02\x01\x00" + b"\x0a\x04\x01\x02\x00\x0b"

    def test_repeats_bodies_and_types_and_drops_names(self):
        big = big_module.enlarge(self.MODULE, 1000)
        parts = dict(big_module.sections(big))
        self.assertGreaterEqual(len(big), 1000)
        self.assertNotIn(0, parts)
        count, at = big_module.read_leb(parts[10], 0)
        self.assertEqual((count, parts[10][at:]), (big_module.read_leb(parts[3], 0)[0], b"\x02\x00\x0b" * count))
        self.assertEqual(parts[1], b"\x01\x60\x00\x00")

    def test_refuses_what_is_no_module(self):
        with self.assertRaises(ValueError):
            big_module.enlarge(b"text", 100)


class Reports(unittest.TestCase):
    def test_terminal_without_colours_has_no_escapes_and_names_failures(self):
        text = text_report.terminal(report(failures=["fib on arris interp: wrong output"]), colour=False)
        self.assertNotIn("\x1b", text)
        self.assertIn("failed: fib on arris interp: wrong output", text)
        self.assertIn("15.0x", text)
        self.assertIn("differs", text)

    def test_micro_benchmarks_again_are_told(self):
        self.assertIn("measured again at abc", text_report.readme(report(micro_commit="abc")))
        self.assertNotIn("measured again", text_report.readme(report()))

    def test_targets_are_judged(self):
        verdicts = {cells[0]: verdict for cells, verdict in text_report.target_cells(report())[1]}
        self.assertEqual(verdicts["geomean to native"], "goal")
        self.assertEqual(verdicts["hello from C, time to native"], "first stop")
        self.assertEqual(verdicts["load and validate, 10 MB module"], "first stop")
        self.assertEqual(verdicts["host call round trip"], "missed")
        self.assertNotIn("instantiate and drop", verdicts)  # not measured, so not judged

    def test_auto_is_judged_by_its_worst_program(self):
        def ms(interp, jit, auto):
            return {"results": {f"arris {tier}": {"runs_ms": [value, 3 * value]} for tier, value in (("interp", interp), ("jit", jit), ("auto", auto))}}
        programs = [ms(900, 100, 105), ms(2, 3, 2.4), {"results": {"arris interp": {"runs_ms": [7]}}}]
        self.assertAlmostEqual(text_report.auto_behind({"programs": programs}), 1.2)
        self.assertIsNone(text_report.auto_behind({"programs": programs[2:]}))

    def test_readme_names_how_it_was_written(self):
        text = text_report.readme(report())
        self.assertIn("| arris interp | 10.0x |", text)
        self.assertIn("--write-readme", text)

    def test_page_is_self_contained_and_escaped(self):
        page = html_report.page(report())
        self.assertIn("a &lt;cpu&gt;", page)
        for outside in ("http:", "https:", "<script", "<link", "src="):
            self.assertNotIn(outside, page)

    def test_numbers_have_three_digits(self):
        self.assertEqual([text_report.number(v) for v in (0.1234, 1.234, 12.34, 123.4, 1234.4, None)],
                         ["0.123", "1.23", "12.3", "123", "1234", "-"])


class Compare(unittest.TestCase):
    def both(self, after):
        mine = report()
        row = mine["programs"][0]["results"]
        row["base interp"] = result(1000.0, 10.0)
        row["arris interp"] = result(after, after / 100)
        mine["engines"].append(engine("base interp", "arris"))
        return {row["name"]: row for row in compare.changes(mine, {"call/host": {"ns": 10.0}}, 1_000_000)}

    def test_slower_than_noise_and_threshold_is_a_regression(self):
        rows = self.both(1100.0)
        self.assertEqual(rows["fib (interp)"]["verdict"], "worse")
        self.assertEqual(rows["call/host"]["verdict"], "worse")
        self.assertEqual(rows["arris, stripped"]["verdict"], "worse")

    def test_within_the_threshold_is_not(self):
        self.assertEqual(self.both(1040.0)["fib (interp)"]["verdict"], "")
        self.assertEqual(self.both(900.0)["fib (interp)"]["verdict"], "better")

    def test_noise_widens_the_threshold(self):
        self.assertEqual(compare.change("x", 100, 115, 0.10, str)["verdict"], "")


if __name__ == "__main__":
    unittest.main()
