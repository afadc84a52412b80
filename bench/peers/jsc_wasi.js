// Runs a WASI preview 1 command under the jsc shell: jsc jsc_wasi.js -- FILE ARGS. The shell has no WASI, so this holds the
// few calls that the benchmark programs make: arguments, an empty environment, no files, standard output, clocks, exit.
// Its last words on standard error are the milliseconds since the module was read, as node_wasi.mjs has them.
'use strict';
const [file, ...rest] = arguments;
const bytes = readFile(file, 'binary');
let memory;
let text = '';
const view = () => new DataView(memory.buffer);
const strings = [file, ...rest];
class Exit {
  constructor(code) { this.code = code; }
}
const known = {
  args_sizes_get(count, size) {
    view().setUint32(count, strings.length, true);
    view().setUint32(size, strings.reduce((sum, s) => sum + s.length + 1, 0), true);
    return 0;
  },
  args_get(list, at) {
    for (const [i, s] of strings.entries()) {
      view().setUint32(list + 4 * i, at, true);
      for (const c of s + '\0') view().setUint8(at++, c.charCodeAt(0));
    }
    return 0;
  },
  environ_sizes_get(count, size) {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return 0;
  },
  environ_get: () => 0,
  clock_time_get(id, precision, at) {
    view().setBigUint64(at, BigInt(Math.round(preciseTime() * 1e9)), true);
    return 0;
  },
  fd_write(fd, list, count, written) {
    let total = 0;
    for (let i = 0; i < count; ++i) {
      const at = view().getUint32(list + 8 * i, true), size = view().getUint32(list + 8 * i + 4, true);
      for (let b = 0; b < size; ++b) text += String.fromCharCode(view().getUint8(at + b));
      total += size;
    }
    view().setUint32(written, total, true);
    const line = text.lastIndexOf('\n');
    if (line >= 0) {
      print(text.slice(0, line));
      text = text.slice(line + 1);
    }
    return 0;
  },
  fd_fdstat_get(fd, at) {
    for (let i = 0; i < 24; ++i) view().setUint8(at + i, 0);
    view().setUint8(at, 2);
    return fd < 3 ? 0 : 8;
  },
  proc_exit(code) { throw new Exit(code); },
};
const badFile = () => 8;
const start = preciseTime();
const module = new WebAssembly.Module(bytes);
const wasi = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) wasi[name] = known[name] ?? badFile;
const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi });
memory = instance.exports.memory;
let code = 0;
try {
  instance.exports._start();
} catch (e) {
  if (!(e instanceof Exit)) throw e;
  code = e.code;
}
const ms = (preciseTime() - start) * 1000;
printErr(`bench-ms ${ms} ${ms}`);
quit(code);
