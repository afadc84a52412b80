"""`arris inspect`, its JSON, and `wasm-ldd`: right about good modules, calm about broken ones.

usage: inspection.py ARRIS
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import wasm_file

ARRIS = pathlib.Path(sys.argv.pop(1)).resolve()

MODULE = r'''(module $demo
  (type $point (sub (struct (field i32) (field (mut f64)))))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_wirte" (func))
  (import "wasi_snapshot_preview1" "proc_exit" (func (param i64)))
  (import "wasi" "thread-spawn" (func (param i32) (result i32)))
  (import "env" "memory" (memory 1 2 shared))
  (table 3 funcref)
  (global (mut i32) (i32.const 0))
  (func $small (export "go") (param $n i32) (result i32) (i32.extend8_s (local.get $n)))
  (func $large (export "\1b[31m") nop nop nop nop nop nop nop nop)
  (data (i32.const 0) "abcd") (elem (i32.const 0) $small $large)
  (@custom "producers" "\01\0cprocessed-by\01\05clang\0219")
  (@custom ".debug_info" "1234"))'''


def run(*arguments, program=None):
    return subprocess.run([program or ARRIS, *map(str, arguments)], capture_output=True, text=True, timeout=60)


class Inspection(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def module(self, text=MODULE, name="demo"):
        source = self.path / (name + ".wat")
        source.write_text(text)
        binary = self.path / (name + ".wasm")
        made = run("wat2wasm", "--enable-all", source, "-o", binary)
        self.assertEqual(made.returncode, 0, made.stderr)
        return binary

    def inspect(self, module):
        result = run("inspect", "--json", module)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_json(self):
        binary = self.module()
        facts = self.inspect(binary)
        data = binary.read_bytes()
        self.assertEqual(facts["bytes"], len(data))
        self.assertIsNone(facts["error"])
        self.assertEqual(facts["name"], "demo")
        # Sections: against a reader of our own.
        self.assertEqual([(s["id"], s["offset"] + s["bytes"]) for s in facts["sections"]],
                         [(code, end) for code, _, _, end in wasm_file.sections(data)])
        self.assertEqual(facts["types"][0], "(sub (struct (field i32) (field (mut f64))))")
        provided = {(i["module"], i["name"]): i for i in facts["imports"]}
        self.assertTrue(provided["wasi_snapshot_preview1", "fd_write"]["provided"])
        self.assertTrue(provided["wasi", "thread-spawn"]["provided"])
        self.assertTrue(provided["env", "memory"]["provided"])
        missing = provided["wasi_snapshot_preview1", "fd_wirte"]
        self.assertEqual((missing["provided"], missing["note"]), (False, 'did you mean "fd_write"?'))
        mismatched = provided["wasi_snapshot_preview1", "proc_exit"]
        self.assertFalse(mismatched["provided"])
        self.assertIn("expected func", mismatched["note"])
        self.assertEqual([(e["name"], e["kind"], e["index"]) for e in facts["exports"]], [("go", "func", 4), ("\x1b[31m", "func", 5)])
        self.assertEqual(facts["tables"], ["(table 3 funcref)"])
        self.assertEqual(facts["globals"], ["(global (mut i32))"])
        functions = facts["functions"]
        self.assertEqual((functions["imported"], functions["own"]), (4, 2))
        self.assertEqual([f["name"] for f in functions["largest"]], ["large", "small"])
        self.assertEqual(sum(f["bytes"] for f in functions["largest"]), functions["code_bytes"])
        self.assertEqual(facts["data"], {"count": 1, "active": 1, "bytes": 4})
        self.assertEqual(facts["elements"], {"count": 1, "active": 1, "items": 2})
        needs = {need["feature"]: need for need in facts["features"]}
        self.assertEqual(needs["sign-extension-operators"]["needed_by"], "i32.extend8_s")
        self.assertEqual(data[needs["sign-extension-operators"]["offset"]], 0xC0)
        self.assertEqual(needs["sign-extension-operators"]["function"], 4)
        self.assertEqual(needs["threads"]["needed_by"], "import section")
        self.assertIn("gc", needs)
        self.assertNotIn("simd", needs)
        self.assertEqual(facts["producers"], [{"field": "processed-by", "name": "clang", "version": "19"}])
        self.assertEqual(facts["dwarf"], {"sections": 1, "bytes": 4})

    def test_every_needed_feature_is_needed(self):
        binary = self.module()
        needs = {need["feature"] for need in self.inspect(binary)["features"]}
        self.assertEqual(run("validate", "--enable-all", binary).returncode, 0)
        for feature in needs:
            self.assertEqual(run("validate", "--enable-all", "--disable-" + feature, binary).returncode, 1, feature)

    def test_text(self):
        out = run("inspect", self.module()).stdout
        for line in ('named "demo"', '"wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))  [provided]',
                     '[not provided] did you mean "fd_write"?', "features needed:",
                     "sign-extension-operators   i32.extend8_s in func 4 at 0x", "processed-by: clang 19",
                     "debug information: DWARF, 1 sections, 4 bytes", r'"\1b[31m" (func) = func 5'):
            self.assertIn(line, out)
        self.assertNotIn("\x1b", out)

    def test_broken_modules(self):
        data = self.module().read_bytes()
        source = random.Random(5)
        broken = self.path / "broken.wasm"
        for _ in range(60):
            mutated = bytearray(data[:source.randrange(len(data) + 1)])
            for _ in range(source.randrange(4)):
                if mutated:
                    mutated[source.randrange(len(mutated))] = source.randrange(256)
            broken.write_bytes(mutated)
            result = run("inspect", "--json", broken)
            self.assertIn(result.returncode, (0, 1))
            if mutated[:1] in (b"(", b";"):
                continue
            facts = json.loads(result.stdout)
            self.assertEqual(result.returncode, 0 if facts["error"] is None else 1)
            if facts["error"]:
                self.assertIn("broken.wasm: " + facts["error"]["phase"], result.stderr)
            text = run("inspect", broken)
            self.assertEqual(text.returncode, result.returncode)
            self.assertNotRegex(text.stdout, "[\x00-\x09\x0b-\x1f]")
        exports = next(start for code, _, start, _ in wasm_file.sections(data) if code == 7)
        broken.write_bytes(data[:exports + 1])
        facts = json.loads(run("inspect", "--json", broken).stdout)
        self.assertEqual(len(facts["imports"]), 5)
        self.assertIsNone(facts["imports"][0]["provided"])

    def test_wasm_ldd(self):
        link = self.path / "wasm-ldd"
        os.symlink(ARRIS, link)
        listed = run(self.module(), program=link)
        self.assertEqual(listed.returncode, 1)
        self.assertIn('  "wasi_snapshot_preview1"\n    "fd_write" (func (param i32 i32 i32 i32) (result i32)) => provided\n', listed.stdout)
        self.assertIn('    "fd_wirte" (func) => not provided, did you mean "fd_write"?\n', listed.stdout)
        self.assertIn('  "env"\n    "memory" (memory 1 2 shared) => provided with --max-threads\n', listed.stdout)
        good = self.module('(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))', "good")
        listed = run(good, program=link)
        self.assertEqual((listed.returncode, listed.stdout),
                         (0, '  "wasi_snapshot_preview1"\n    "sched_yield" (func (result i32)) => provided\n'))
        self.assertEqual(run("ldd", self.module("(module)", "empty")).stdout, "  imports nothing\n")
        self.assertEqual(run(self.path / "absent.wasm", program=link).returncode, 1)


if __name__ == "__main__":
    unittest.main()
