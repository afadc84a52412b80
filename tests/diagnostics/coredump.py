"""`--coredump FILE`: the file, read independently of the engine, has the frames, locals, memories and globals of the trap.

usage: coredump.py ARRIS
"""
import os
import pathlib
import stat
import struct
import subprocess
import sys
import tempfile
import unittest

import wasm_file

ARRIS = pathlib.Path(sys.argv.pop(1)).resolve()
MODULE = r'''(module $crash
  (memory 2) (global (mut i32) (i32.const 1)) (global (mut f64) (f64.const 0.25))
  (func $inner (param i32 i64) (local f64)
    (local.set 2 (f64.const -1.5))
    (i32.store (i32.const 66000) (i32.const 0x0BADCAFE))
    (global.set 0 (i32.const -5))
    unreachable)
  (func (export "run") (param i32) (i64.const 3) (call $inner (local.get 0) (i64.const -4)) drop))'''


def run(*arguments):
    return subprocess.run([ARRIS, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def value(data, at):
    kind, at = data[at], at + 1
    if kind == 0x01:
        return None, at
    if kind in (0x7F, 0x7E):
        return wasm_file.sleb(data, at)
    size, form = (4, "<f") if kind == 0x7D else (8, "<d")
    return struct.unpack(form, data[at:at + size])[0], at + size


def values(data, at):
    count, at = wasm_file.uleb(data, at)
    out = []
    for _ in range(count):
        one, at = value(data, at)
        out.append(one)
    return out, at


def frames(payload):
    assert payload[0] == 0
    thread, at = wasm_file.name(payload, 1)
    count, at = wasm_file.uleb(payload, at)
    out = []
    for _ in range(count):
        assert payload[at] == 0
        numbers, at = [], at + 1
        for _ in range(3):
            number, at = wasm_file.uleb(payload, at)
            numbers.append(number)
        local_values, at = values(payload, at)
        stack, at = values(payload, at)
        out.append((*numbers, local_values, stack))
    assert at == len(payload)
    return thread, out


class CoreDumps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.module = self.path / "crash.wat"
        self.module.write_text(MODULE)
        self.core = self.path / "core.wasm"

    def test_contents(self):
        result = run("--coredump", self.core, "--invoke", "run", self.module, 9)
        self.assertEqual(result.returncode, 134)
        self.assertRegex(result.stderr, rf"arris: core dump of \d+ bytes written to {self.core}\n$")
        self.assertEqual(stat.S_IMODE(os.stat(self.core).st_mode), 0o600)
        data = self.core.read_bytes()
        self.assertEqual(run("validate", self.core).returncode, 0)

        (core,) = wasm_file.custom(data, "core")
        self.assertEqual((core[0], wasm_file.name(core, 1)[0]), (0, str(self.module)))
        (modules,) = wasm_file.custom(data, "coremodules")
        self.assertEqual((modules[:2], wasm_file.name(modules, 2)[0]), (b"\1\0", "crash"))
        self.assertEqual(wasm_file.custom(data, "coreinstances"), [b"\1\0\0\1\0\2\0\1"])
        thread, stack = frames(*wasm_file.custom(data, "corestack"))
        self.assertEqual(thread, "main")
        self.assertEqual([(f[0], f[1], f[3], f[4]) for f in stack],
                         [(0, 0, [9, -4, -1.5], []), (0, 1, [9], [3])])

        (memory,) = [data[start:end] for code, _, start, end in wasm_file.sections(data) if code == 5]
        self.assertEqual(memory, b"\1\0\2")
        (globals_,) = [data[start:end] for code, _, start, end in wasm_file.sections(data) if code == 6]
        self.assertEqual(globals_, b"\2\x7f\0\x41\x7b\x0b" + b"\x7c\0\x44" + struct.pack("<d", 0.25) + b"\x0b")
        (segments,) = [data[start:end] for code, _, start, end in wasm_file.sections(data) if code == 11]
        self.assertEqual(segments[:3], b"\1\0\x41")  # one page that is not zero
        offset, at = wasm_file.sleb(segments, 3)
        size, at = wasm_file.uleb(segments, at + 1)
        self.assertEqual((offset, size), (66000 // 4096 * 4096, 4096))
        content = segments[at:]
        self.assertEqual(len(content), size)
        self.assertEqual(content[66000 - offset:66004 - offset], struct.pack("<I", 0x0BADCAFE))
        self.assertEqual(content.count(0), size - 4)

    def test_code_offset_is_the_trapping_instruction(self):
        binary = self.path / "crash.wasm"
        run("wat2wasm", self.module, "-o", binary)
        run("--coredump", self.core, "--invoke", "run", binary, 9)
        data = binary.read_bytes()
        (code,) = [start for number, _, start, _ in wasm_file.sections(data) if number == 10]
        at, bodies = wasm_file.uleb(data, code)[1], []
        for _ in range(2):
            size, at = wasm_file.uleb(data, at)
            bodies.append(at)
            at += size
        _, stack = frames(*wasm_file.custom(self.core.read_bytes(), "corestack"))
        self.assertEqual([data[bodies[f[1]] + f[2]] for f in stack], [0x00, 0x10])  # unreachable, call

    def test_none_without_a_trap(self):
        self.module.write_text('(module (func (export "run")))')
        self.assertEqual(run("--coredump", self.core, "--invoke", "run", self.module).returncode, 0)
        self.assertFalse(self.core.exists())

    def test_a_file_that_cannot_be_written(self):
        result = run("--coredump", self.path / "absent" / "core", "--invoke", "run", self.module, 9)
        self.assertEqual(result.returncode, 134)
        self.assertIn("arris: --coredump " + str(self.path / "absent" / "core") + ": No such file or directory", result.stderr)
        if pathlib.Path("/dev/full").exists():
            result = run("--coredump", "/dev/full", "--invoke", "run", self.module, 9)
            self.assertIn("arris: --coredump /dev/full: No space left on device", result.stderr)


if __name__ == "__main__":
    unittest.main()
