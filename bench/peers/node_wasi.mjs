// Runs a WASI preview 1 command under node, for the rows "node liftoff" and "node turbofan": node FLAGS node_wasi.mjs FILE ARGS.
// Its last words on standard error are the milliseconds since the module was read, wall and processor time, so that the ratios
// hold compiling and running WebAssembly but not the start of node.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
import { argv, cpuUsage, exit, stderr } from 'node:process';

const bytes = readFileSync(argv[2]);
const wasi = new WASI({ version: 'preview1', args: argv.slice(2), env: {}, preopens: {}, returnOnExit: true });
const start = performance.now();
const startCpu = cpuUsage();
const module = new WebAssembly.Module(bytes);
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
const code = wasi.start(instance);
const cpu = cpuUsage(startCpu);
stderr.write(`bench-ms ${performance.now() - start} ${(cpu.user + cpu.system) / 1000}\n`);
exit(code);
