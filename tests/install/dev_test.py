"""./dev on simulated machines: which packages it asks for, what it builds, what it says when something is missing.

usage: dev_test.py PATH_OF_DEV

PATH holds nothing but a few tools the script may count on in any Debian, and stand-ins for apt, dpkg, cmake, ninja,
ctest, sudo and id which log how they were called and act on the files of a small fake machine.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

DEV = pathlib.Path(sys.argv.pop(1)).resolve()
ESSENTIAL = "bash env grep sed cat mkdir rm dirname nproc flock tail sort printf".split()
BUILD = "clang-19 lld-19 cmake ninja-build ccache libfmt-dev libcli11-dev nlohmann-json3-dev libasmjit-dev " \
    "libdw-dev libelf-dev libiberty-dev zlib1g-dev"

STAND_INS = {
    # Knows a package only after `update`, unless the machine's lists are fresh.
    "apt-get": """
        echo "apt-get $*" >>$M/log
        for word; do [ "$word" = update ] && : >$M/updated; done
        [ ! -f $M/offline ] || exit 100
        install=
        for word; do
          if [ "$install" ] && [ "${word#-}" = "$word" ]; then echo "$word" >>$M/installed; fi
          [ "$word" = install ] && install=1
        done
        exit 0""",
    "apt-cache": """
        [ -f $M/updated ] || exit 0
        for word; do grep -qxF -- "$word" $M/unknown || echo "Package: $word"; done""",
    "dpkg-query": """
        for word; do ! grep -qxF -- "$word" $M/installed || echo "$word installed"; done""",
    "id": "cat $M/uid",
    "cmake": """
        echo "cmake $*" >>$M/log
        [ ! -f $M/broken ] || { echo 'CMake Error: the reason'; exit 1; }
        mkdir -p build/$2; echo >build/$2/build.ninja""",
    "ninja": """
        echo "ninja $*" >>$M/log
        [ "$3" != -n ] || { [ ! -f $M/fresh ] || echo 'ninja: no work to do.'; exit 0; }
        echo 'compiling'
        mkdir -p $2/bin; printf '#!/bin/bash\\necho "guest: $*"; cat; exit 7\\n' >$2/bin/arris; /bin/chmod +x $2/bin/arris
        : >$M/fresh""",
    "ctest": """
        echo "ctest $*" >>$M/log
        while [ "$1" != --output-junit ]; do shift; done
        {
          for outcome in $(cat $M/results); do
            case $outcome in
              pass) echo '<testcase name="x" status="run">' ;;
              fail) echo '<testcase name="x" status="fail">'; echo '<failure message=""/>' ;;
              skip) echo '<testcase name="x" status="notrun">'; echo '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>' ;;
              lost) echo '<testcase name="x" status="notrun">'; echo '<skipped message="Unable to find executable"/>' ;;
            esac
          done
        } >$2
        ! grep -qE 'fail|lost' $M/results""",
    "git": """
        echo "git $*" >>$M/log
        [ ! -f $M/offline ] || exit 128
        case "$1" in clone) mkdir -p "$4" ;; *) exit 0 ;; esac""",
}


class Machine:
    def __init__(self, folder, uid=0, installed="", unknown=(), sudo=False, apt=True, suite=True):
        self.home = pathlib.Path(folder)
        self.bin, self.root = self.home / "bin", self.home / "checkout" / "arris"
        self.bin.mkdir()
        self.root.mkdir(parents=True)
        shutil.copy(DEV, self.root / "dev")
        for tool in ESSENTIAL:
            if shutil.which(tool):
                (self.bin / tool).symlink_to(shutil.which(tool))
        self.file("installed", installed.replace(" ", "\n") + "\n")
        self.file("unknown", "\n".join(unknown) + "\n")
        self.file("uid", f"{uid}\n")
        self.file("results", "pass skip pass")
        stand_ins = dict(STAND_INS)
        if sudo:
            stand_ins["sudo"] = 'echo "sudo" >>$M/log; "$@"'
        if not apt:
            del stand_ins["apt-get"], stand_ins["apt-cache"], stand_ins["dpkg-query"], stand_ins["cmake"]
        for name, body in stand_ins.items():
            path = self.bin / name
            path.write_text(f"#!{self.bin}/bash\nM={self.home}\n{body}\n")
            path.chmod(0o755)
        if suite:
            (self.home / "checkout" / "shared" / "testsuite").mkdir(parents=True)

    def file(self, name, text=""):
        (self.home / name).write_text(text)

    def dev(self, *arguments, cwd=None, stdin=""):
        environment = {"PATH": str(self.bin), "HOME": str(self.home), "LC_ALL": "C"}
        return subprocess.run([str(self.root / "dev"), *arguments], cwd=cwd or self.home, env=environment, input=stdin,
                              capture_output=True, text=True, timeout=60)

    def log(self, program):
        path = self.home / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line.split(" ")[0] == program]

    def installs(self):
        return [line.split(" --no-install-recommends ")[1] for line in self.log("apt-get") if " install " in line]


class Dev(unittest.TestCase):
    def machine(self, **properties):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Machine(folder.name, **properties)

    def test_run_installs_what_a_build_needs_and_nothing_more(self):
        machine = self.machine()
        run = machine.dev("run", "hello.wat", "a b")
        self.assertEqual((run.returncode, run.stdout), (7, "guest: run hello.wat a b\n"), run.stderr)
        self.assertEqual(machine.installs(), [BUILD])
        self.assertEqual(len([line for line in machine.log("apt-get") if "update" in line]), 1)
        self.assertIn("-DARRIS_BUILD_TESTS=OFF", machine.log("cmake")[0])

    def test_only_missing_packages_are_installed(self):
        machine = self.machine(installed=BUILD.replace("cmake ", "").replace("libfmt-dev ", ""))
        machine.dev("build")
        self.assertEqual(machine.installs(), ["cmake libfmt-dev"])

    def test_apt_is_left_alone_when_nothing_is_missing(self):
        machine = self.machine(installed=BUILD, uid=1000)
        self.assertEqual(machine.dev("run", "x").returncode, 7)
        self.assertEqual(machine.log("apt-get"), [])

    def test_second_run_is_quiet_builds_nothing_and_passes_stdin(self):
        machine = self.machine(installed=BUILD)
        machine.dev("run", "x")
        builds = len([line for line in machine.log("ninja") if " -n " not in line])
        run = machine.dev("run", "x", stdin="to the guest")
        self.assertEqual((run.stdout, run.stderr), ("guest: run x\nto the guest", ""))
        self.assertEqual(len([line for line in machine.log("ninja") if " -n " not in line]), builds)
        self.assertEqual(len(machine.log("cmake")), 1)

    def test_without_root_sudo_is_used(self):
        machine = self.machine(uid=1000, sudo=True)
        self.assertEqual(machine.dev("run", "x").returncode, 7)
        self.assertEqual(len(machine.log("sudo")), 2)

    def test_without_root_or_sudo_the_error_is_a_command_to_give(self):
        machine = self.machine(uid=1000)
        run = machine.dev("run", "x")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn(f"apt-get install --no-install-recommends {BUILD}", run.stderr)
        self.assertEqual(machine.installs(), [])

    def test_unavailable_clang_is_explained(self):
        run = self.machine(unknown=["clang-19"]).dev("build")
        self.assertEqual(run.returncode, 1)
        self.assertIn("apt knows no package: clang-19", run.stderr)
        self.assertIn("apt.llvm.org/llvm.sh", run.stderr)

    def test_unreachable_archive_is_explained(self):
        machine = self.machine()
        machine.file("offline")
        run = machine.dev("build")
        self.assertEqual(run.returncode, 1)
        self.assertIn("apt-get update failed", run.stderr)

    def test_systems_without_apt_learn_which_tools_are_absent(self):
        run = self.machine(apt=False).dev("build")
        self.assertEqual(run.returncode, 1)
        self.assertIn("not found: clang++-19 cmake;", run.stderr)

    def test_failing_configuration_shows_why(self):
        machine = self.machine(installed=BUILD)
        machine.file("broken")
        run = machine.dev("build")
        self.assertEqual(run.returncode, 1)
        self.assertIn("the reason", run.stderr)

    def test_test_closes_with_counts_and_succeeds(self):
        run = self.machine().dev("test")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout.splitlines()[-1], "2 passed, 0 failed, 1 skipped")

    def test_test_fails_when_a_test_fails(self):
        machine = self.machine()
        machine.file("results", "pass fail skip fail")
        run = machine.dev("test")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout.splitlines()[-1], "1 passed, 2 failed, 1 skipped")

    def test_a_test_that_could_not_run_is_a_failure_not_a_skip(self):
        machine = self.machine()
        machine.file("results", "pass lost skip")
        run = machine.dev("test")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout.splitlines()[-1], "1 passed, 1 failed, 1 skipped")

    def test_sanitize_tests_both_builds(self):
        machine = self.machine()
        run = machine.dev("test", "--sanitize")
        self.assertEqual(run.stdout.splitlines()[-1], "4 passed, 0 failed, 2 skipped")
        self.assertEqual([line.split()[2] for line in machine.log("cmake")], ["release", "asan-ubsan"])

    def test_test_installs_once_and_does_without_unavailable_guest_compilers(self):
        machine = self.machine(unknown=["libstd-rust-dev-wasm32"])
        run = machine.dev("test")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(len([line for line in machine.log("apt-get") if "update" in line]), 1)
        self.assertIn("apt has no libstd-rust-dev-wasm32", run.stderr)
        self.assertIn("wasi-libc", " ".join(machine.installs()))

    def test_absent_suite_is_fetched_at_its_commit(self):
        machine = self.machine(suite=False)
        self.assertEqual(machine.dev("test").returncode, 0)
        self.assertIn("https://github.com/WebAssembly/testsuite", " ".join(machine.log("git")))
        self.assertIn("checkout --quiet 193e551", " ".join(machine.log("git")))

    def test_unreachable_suite_is_explained(self):
        packages = [line for line in DEV.read_text().splitlines() if "_packages=(" in line]
        everything = " ".join(line.split("(")[1].split(")")[0] for line in packages) + " git ca-certificates"
        machine = self.machine(suite=False, installed=everything)
        machine.file("offline")
        run = machine.dev("test")
        self.assertEqual(run.returncode, 1)
        self.assertIn("put a checkout of commit 193e551", run.stderr)

    def test_unknown_command_and_option(self):
        machine = self.machine()
        for arguments in (["frobnicate"], ["test", "--frobnicate"], ["run"]):
            run = machine.dev(*arguments)
            self.assertEqual((run.returncode, run.stdout), (1, ""), arguments)
            self.assertIn("./dev", run.stderr)

    def test_help_names_every_command(self):
        text = self.machine().dev("help").stdout
        for command in "run build test bench fuzz conformance lint help".split():
            self.assertRegex(text, rf"(?m)^  {command}\b")


if __name__ == "__main__":
    unittest.main()
