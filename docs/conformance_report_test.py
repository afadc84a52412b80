"""The conformance report: sums per folder, names of imperfect files, and the README's section."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("conformance_report.py")
REPORT = {
    "tier": "interp",
    "files": [
        {"path": "proposals/threads/atomic.wast", "passed": 5, "failed": 1, "skipped": 0},
        {"path": "i32.wast", "passed": 1000, "failed": 0, "skipped": 0},
        {"path": "f32.wast", "passed": 500, "failed": 0, "skipped": 0},
    ],
}


class Conformance(unittest.TestCase):
    def report(self, readme):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "r.json").write_text(json.dumps(REPORT))
        (self.folder / "README.md").write_text(readme)
        arguments = [self.folder / "r.json", "--docs", self.folder / "c.md", "--readme", self.folder / "README.md"]
        return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)

    def test_sums_per_folder_and_names_imperfect_files(self):
        run = self.report("a\n<!-- conformance:begin -->\nold\n<!-- conformance:end -->\nz\n")
        self.assertEqual(run.returncode, 0, run.stderr)
        document = (self.folder / "c.md").read_text()
        self.assertIn("| core | interp | 2 | 1,500 | 0 | 0 |", document)
        self.assertIn("| **all** | interp | 3 | 1,505 | 1 | 0 |", document)
        self.assertIn("| proposals/threads/atomic.wast | 5 | 1 | 0 |", document)
        readme = (self.folder / "README.md").read_text()
        self.assertTrue(readme.startswith("a\n<!-- conformance:begin -->\n| part") and readme.endswith("|\n<!-- conformance:end -->\nz\n"), readme)
        self.assertNotIn("old", readme)

    def test_a_readme_without_its_section_is_an_error(self):
        run = self.report("no section\n")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("conformance:begin", run.stderr)


if __name__ == "__main__":
    unittest.main()
