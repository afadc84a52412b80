"""Who runs: native code, the tiers of Arris, and whatever peers PATH holds. An engine is left out if it cannot say hello."""
import dataclasses
import pathlib
import shutil
import subprocess

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"

# name of the row, program on PATH, arguments before the module, arguments between it and the program's own
PEER_COMMANDS = [
    ("node liftoff", "node", ["--no-warnings", "--liftoff-only", "--no-wasm-lazy-compilation", str(PEERS / "node_wasi.mjs")], []),
    ("node turbofan", "node", ["--no-warnings", "--no-liftoff", "--no-wasm-tier-up", str(PEERS / "node_wasi.mjs")], []),
    ("jsc ipint", "jsc", ["--useBBQJIT=0", "--useOMGJIT=0", str(PEERS / "jsc_wasi.js"), "--"], []),
    ("jsc bbq", "jsc", ["--useOMGJIT=0", str(PEERS / "jsc_wasi.js"), "--"], []),
    ("jsc", "jsc", [str(PEERS / "jsc_wasi.js"), "--"], []),
    ("wasm3", "wasm3", [], []),
    ("wasmi", "wasmi", [], []),
    ("wasmi", "wasmi_cli", [], []),
    ("wasmtime pulley", "wasmtime", ["run", "-C", "cache=n", "--target", "pulley64"], []),
    ("wasmtime winch", "wasmtime", ["run", "-C", "cache=n,compiler=winch"], []),
    ("wasmtime", "wasmtime", ["run", "-C", "cache=n"], []),
    ("wasmedge", "wasmedge", ["--force-interpreter"], []),
    ("wasmedge jit", "wasmedge", ["--enable-jit"], []),
    ("wasmer singlepass", "wasmer", ["run", "--singlepass"], ["--"]),
    ("wasmer", "wasmer", ["run", "--cranelift"], ["--"]),
    ("wamr interp", "iwasm", ["--interp"], []),
    ("wamr", "iwasm", [], []),
]

# row of the table, arguments of arris; rows whose tier a build does not have are left out like absent peers
ARRIS_TIERS = [
    ("interp", ["--tier=interp"]),
    ("plain", ["--tier=interp", "--no-quicken"]),  # the interpreter without quickening
    ("jit", ["--tier=jit"]),
    ("auto", ["--tier=auto"]),
]


@dataclasses.dataclass
class Engine:
    name: str
    kind: str  # native, arris, peer
    before: list
    between: list = dataclasses.field(default_factory=list)
    version: str = ""

    def command(self, program, arguments):
        if self.kind == "native":
            return [str(program.native), *arguments]
        return self.wasm_command(program.wasm, arguments)

    def wasm_command(self, module, arguments=()):
        return [*self.before, str(module), *(self.between if arguments else []), *arguments]


def version_of(binary):
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)
        return (said.stdout + said.stderr).strip().splitlines()[0].strip()
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return ""


def native():
    return Engine("native", "native", [])


def arris_tiers(binary, tiers, prefix="arris"):
    return [Engine(f"{prefix} {name}", "arris", [str(binary), *arguments]) for name, arguments in ARRIS_TIERS if name in tiers]


def peers_on_path():
    found = []
    for name, program, before, between in PEER_COMMANDS:
        binary = shutil.which(program)
        if binary and all(engine.name != name for engine in found):
            found.append(Engine(name, "peer", [binary, *before], between, version_of(binary)))
    return found


def usable(engines, hello, launcher):
    """Those that run hello, and why the others do not: ([engine], [(engine, reason)])."""
    good, bad = [], []
    for engine in engines:
        result = launcher.run(engine.wasm_command(hello), timeout=60)
        if result.status == "0" and result.output == b"hello\n":
            good.append(engine)
        else:
            reason = result.errors.decode(errors="replace").strip().splitlines()
            bad.append((engine, reason[-1][:160] if reason else f"status {result.status}"))
    return good, bad
