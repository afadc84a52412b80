"""Seeds violations of each kind, one at a time, in a small tree: the checker has to name each, and to accept the tree itself."""
import pathlib
import tempfile
import unittest

import check_layering

CLEAN = {
    "base/leb128.h": "#include <cstdint>\n",
    "base/os_linux.cc": "",
    "base/os/memory.cc": '#if defined(__linux__)\n#include <sys/mman.h>\n#endif\n#include "base/os/memory.h"\n',
    "wasm/types.h": '#include "base/leb128.h"\n',
    "decoder/module_decoder.cc": '#include "decoder/module_decoder.h"\n#include "wasm/types.h"\n',
    "decoder/module_decoder_test.cc": '#include "text/parser.h"\n#include "interp/modules_testing.h"\n#include <gtest/gtest.h>\n',
    "decoder/validator.cc": '#include "decoder/module_decoder.h"\n',
    "decoder/validator/body.cc": '#include "decoder/validator/body.h"\n#include "decoder/reader.h"\n',
    "runtime/store.h": '#include "decoder/validator.h"\n#include "text/parser.h"\n',
    "interp/loop.cc": '#include "runtime/store.h"\n#include "masm/assembler.h"\n',
    "engine/engine.cc": '#include "arris/engine.h"\n#include <arris/store.h>\n#include "interp/loop.h"\n',
    "include/arris/engine.h": '#include <expected>\n#include "arris/store.h"\n#include "wasm/types.h"\n',
    "wasi/fd.cc": '#include "arris/linker.h"\n#include "base/os/file.h"\n',
    "cli/main.cc": '#include <fmt/core.h>\n#include <iostream>\n#include "arris/engine.h"\n#include "text/parser.h"\n',
    "fuzz/decode.cc": '#include "decoder/module_decoder.h"\n',
    "decoder/CMakeLists.txt": "arris_room(decoder\n SOURCES a.cc\n DEPS arris_wasm arris_base\n TESTS a_test.cc TEST_DEPS arris_text)\n"
                              "arris_room(validator SOURCES v.cc DEPS arris_decoder)\n",
}
VIOLATIONS = {
    "a higher floor": ("decoder/a.cc", '#include "runtime/store.h"\n', "runtime (floor 4) is not below decoder"),
    "the same floor": ("interp/a.cc", '#include "jit/compiler.h"\n', "jit (floor 6) is not below interp"),
    "spaces in the directive": ("text/a.cc", '  #  include   "decoder/cursor.h"\n', "decoder (floor 2) is not below text"),
    "a validator below": ("decoder/a.h", '#include "decoder/validator.h"\n', "validator (floor 3) is not below decoder"),
    "a room in angle brackets": ("base/a.h", "#include <wasm/types.h>\n", "wasm (floor 1) is not below base"),
    "the public face from below": ("runtime/a.cc", '#include "arris/engine.h"\n', "runtime is below the engine"),
    "a private header in a client": ("wasi/a.cc", '#include "runtime/memory.h"\n', "the public API lacks something"),
    "an engine header in a program": ("cli/a.cc", '#include "engine/tiers.h"\n', "the public API lacks something"),
    "a private header made public": ("include/arris/a.h", '#include "base/leb128.h"\n', "public headers include only"),
    "private vocabulary made public": ("include/arris/a.h", '#include "wasm/module.h"\n', "public headers include only"),
    "a library in a public header": ("include/arris/a.h", '#include "fmt/core.h"\n', "public headers include only"),
    "a relative include": ("wasm/a.cc", '#include "types.h"\n', "is in no room"),
    "a .def file": ("wasm/a.def", '#include "decoder/a.h"\n', "decoder (floor 2) is not below wasm"),
    "a test above its floor": ("decoder/a_test.cc", '#include "engine/engine.h"\n', "engine (floor 7) is not below decoder"),
    "a test's room": ("spectest/a_test.cc", '#include "decoder/a.h"\n', "the public API lacks something"),
    "iostream in a library": ("engine/a.cc", "#include <iostream>\n", "<iostream> belongs into programs"),
    "an OS switch": ("runtime/a.cc", "#ifdef __linux__\n#endif\n", "belongs into base/os"),
    "a link upwards": ("wasm/CMakeLists.txt", "arris_room(wasm SOURCES a.cc DEPS arris_base arris_engine)\n", "arris_wasm links arris_engine"),
}


def problems_of(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check_layering.check_tree(pathlib.Path(folder))[0]


class CheckLayering(unittest.TestCase):
    def test_accepts_a_clean_tree(self):
        self.assertEqual(problems_of(CLEAN), [])

    def test_names_every_seeded_violation_and_nothing_else(self):
        for kind, (name, text, message) in VIOLATIONS.items():
            with self.subTest(kind):
                problems = problems_of({**CLEAN, name: text})
                self.assertEqual(len(problems), 1, problems)
                self.assertIn(message, problems[0])
                self.assertTrue(problems[0].startswith(name), problems[0])


if __name__ == "__main__":
    unittest.main()
