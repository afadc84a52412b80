"""Runs the examples of docs/diagnostics.md and compares what they print with what the page says, but for offsets and sizes, which
depend on the compiler.

usage: doc_examples.py ARRIS PAGE
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ARRIS = pathlib.Path(sys.argv.pop(1)).resolve()
PAGE = pathlib.Path(sys.argv.pop(1)).resolve()
HERE = pathlib.Path(__file__).resolve().parent


def normal(text, folder):
    text = text.replace(str(folder) + "/", "")
    return re.sub(r"0x[0-9a-f]+", "0x*", re.sub(r"\b\d+ bytes", "* bytes", text)).rstrip()


class Examples(unittest.TestCase):
    maxDiff = None

    def test_examples(self):
        blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.S)
        self.assertGreaterEqual(len(blocks), 4)
        with tempfile.TemporaryDirectory() as folder:
            for file in list(HERE.glob("*.c")) + list(HERE.glob("*.wat")):
                shutil.copy(file, folder)
            for name in ("arris", "wasm-ldd"):
                os.symlink(ARRIS, pathlib.Path(folder) / name)
            environment = {**os.environ, "PATH": folder + ":" + os.environ["PATH"]}
            commands = 0
            for block in blocks:
                for command, expected in re.findall(r"^\$ (.*)\n((?:[^$].*\n|\n)*)", block, re.M):
                    commands += 1
                    done = subprocess.run(command, shell=True, cwd=folder, env=environment, text=True, timeout=60,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    self.assertEqual(normal(done.stdout, folder), normal(expected, folder), command)
            self.assertGreaterEqual(commands, 6)


if __name__ == "__main__":
    unittest.main()
