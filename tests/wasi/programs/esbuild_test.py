"""esbuild, a large program in Go, as its authors publish it for WASI: transforms and bundles TypeScript.

usage: esbuild_test.py ARRIS FOLDER_FOR_PACKAGES
"""
import pathlib
import subprocess
import sys
import tempfile

import registry

ESBUILD = registry.Package(
    "npm", "@esbuild/wasi-preview1", "0.27.2",
    "sha512-AdYaq02NJnaXw6MlXmxB1z6Dkry+RYgoD2lIMlEJ5k/FTiYna/lHLcJ4qcMJNHUQ6lSn2f4jhsGjZbnL9kcQug==", "package/esbuild.wasm")
PROJECT = pathlib.Path(__file__).with_name("project")
SHAPES = ('export function area(e){switch(e.kind){case"circle":return Math.PI*e.radius**2;case"box":return e.width*e.height}}'
          'export function unused(){throw new Error("this text is not in the bundle")}\n')
BUNDLE = ('(()=>{function i(e){switch(e.kind){case"circle":return Math.PI*e.radius**2;case"box":return e.width*e.height}}'
          'var r={digits:2,comment:"read at build time"};function d(e,t="m"){let n=i(e)*(t==="ft"?10.7639:1);'
          'return`${e.kind}: ${n.toFixed(r.digits)} ${t}\\xB2`}for(let e of[{kind:"circle",radius:2},'
          '{kind:"box",width:3,height:4}])console.log(d(e),3600*24);})();\n')


def main():
    arris, folder = sys.argv[1:]
    program = registry.fetch(ESBUILD, folder)

    def esbuild(*arguments, out):
        command = [arris, "run", "--dir", f"/:{PROJECT}:readonly", "--dir", f"/out:{out}", program, *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=250)

    problems = []

    def expect(what, actual, expected):
        print(what, "as expected" if actual == expected else f"{actual!r}, expected {expected!r}", sep=": ")
        if actual != expected:
            problems.append(what)

    with tempfile.TemporaryDirectory() as out:
        done = esbuild("--minify", "/parts/shapes.ts", out=out)
        expect("minified to standard output", (done.returncode, done.stdout, done.stderr), (0, SHAPES, ""))
        done = esbuild("--bundle", "--minify", "--log-level=error", "/main.ts", "--outfile=/out/main.js", out=out)
        expect("bundling", (done.returncode, done.stdout, done.stderr), (0, "", ""))
        bundle = pathlib.Path(out, "main.js")
        expect("the bundle", bundle.read_text() if bundle.exists() else None, BUNDLE)
        done = esbuild("--minify", "/broken.ts", out=out)
        expect("a syntax error", (done.returncode, done.stdout, "broken.ts:1:48" in done.stderr), (1, "", True))
        done = esbuild("--minify", "/main.ts", "--outfile=/main.js", out=out)
        expect("nothing written to a read-only folder", (done.returncode, (PROJECT / "main.js").exists()), (1, False))
    sys.exit(1 if problems else 0)


main()
