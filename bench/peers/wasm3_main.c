/* A wasm3 command for the benchmark programs, where none is installed: `wasm3 FILE ARGS`. The engine is the source that the
 * Python package pywasm3 carries (bench/README.md has the two commands that build this); this file is only its WASI: arguments,
 * an empty environment, standard output, clocks, exit. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "wasm3.h"

static int guest_argc;
static char **guest_argv;

static void put32(uint8_t *memory, uint32_t at, uint32_t value) { memcpy(memory + at, &value, 4); }
static uint32_t get32(const uint8_t *memory, uint32_t at) {
  uint32_t value;
  memcpy(&value, memory + at, 4);
  return value;
}

#define MEMORY ((uint8_t *)_mem)
#define FUNCTION(name) static const void *name(IM3Runtime runtime, IM3ImportContext context, uint64_t *_sp, void *_mem)

FUNCTION(args_sizes_get) {
  uint32_t bytes = 0;
  for (int i = 0; i < guest_argc; ++i) bytes += (uint32_t)strlen(guest_argv[i]) + 1;
  put32(MEMORY, (uint32_t)_sp[1], (uint32_t)guest_argc);
  put32(MEMORY, (uint32_t)_sp[2], bytes);
  _sp[0] = 0;
  return m3Err_none;
}

FUNCTION(args_get) {
  uint32_t at = (uint32_t)_sp[2];
  for (int i = 0; i < guest_argc; ++i) {
    put32(MEMORY, (uint32_t)_sp[1] + 4 * (uint32_t)i, at);
    size_t size = strlen(guest_argv[i]) + 1;
    memcpy(MEMORY + at, guest_argv[i], size);
    at += (uint32_t)size;
  }
  _sp[0] = 0;
  return m3Err_none;
}

FUNCTION(environ_sizes_get) {
  put32(MEMORY, (uint32_t)_sp[1], 0);
  put32(MEMORY, (uint32_t)_sp[2], 0);
  _sp[0] = 0;
  return m3Err_none;
}

FUNCTION(success) {
  _sp[0] = 0;
  return m3Err_none;
}

FUNCTION(bad_file) {
  _sp[0] = 8;
  return m3Err_none;
}

FUNCTION(fd_fdstat_get) {
  memset(MEMORY + (uint32_t)_sp[2], 0, 24);
  MEMORY[(uint32_t)_sp[2]] = 2;
  _sp[0] = (uint32_t)_sp[1] < 3 ? 0 : 8;
  return m3Err_none;
}

FUNCTION(fd_write) {
  uint32_t list = (uint32_t)_sp[2], count = (uint32_t)_sp[3], total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t at = get32(MEMORY, list + 8 * i), size = get32(MEMORY, list + 8 * i + 4);
    ssize_t written = write((int)(uint32_t)_sp[1], MEMORY + at, size);
    total += written > 0 ? (uint32_t)written : 0;
  }
  put32(MEMORY, (uint32_t)_sp[4], total);
  _sp[0] = 0;
  return m3Err_none;
}

FUNCTION(clock_time_get) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t value = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  memcpy(MEMORY + (uint32_t)_sp[3], &value, 8);
  _sp[0] = 0;
  return m3Err_none;
}

FUNCTION(proc_exit) { exit((int)(uint32_t)_sp[0]); }

static void check(M3Result result, const char *what) {
  if (!result) return;
  fprintf(stderr, "wasm3: %s: %s\n", what, result);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: wasm3 FILE [ARGS]\n"), 1;
  if (strcmp(argv[1], "--version") == 0) return puts("wasm3 " M3_VERSION), 0;
  guest_argc = argc - 1, guest_argv = argv + 1;
  FILE *file = fopen(argv[1], "rb");
  if (!file) return perror(argv[1]), 1;
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(size);
  if (!bytes || fread(bytes, 1, size, file) != size) return perror(argv[1]), 1;
  fclose(file);
  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = m3_NewRuntime(environment, 1 << 20, NULL);
  IM3Module module;
  check(m3_ParseModule(environment, &module, bytes, (uint32_t)size), "parse");
  check(m3_LoadModule(runtime, module), "load");
  static const struct {
    const char *name, *signature;
    M3RawCall function;
  } kCalls[] = {{"args_get", "i(ii)", args_get},
                {"args_sizes_get", "i(ii)", args_sizes_get},
                {"environ_get", "i(ii)", success},
                {"environ_sizes_get", "i(ii)", environ_sizes_get},
                {"clock_time_get", "i(iIi)", clock_time_get},
                {"fd_close", "i(i)", success},
                {"fd_fdstat_get", "i(ii)", fd_fdstat_get},
                {"fd_prestat_get", "i(ii)", bad_file},
                {"fd_seek", "i(iIii)", bad_file},
                {"fd_write", "i(iiii)", fd_write},
                {"proc_exit", "v(i)", proc_exit}};
  for (size_t i = 0; i < sizeof kCalls / sizeof *kCalls; ++i) {
    M3Result result = m3_LinkRawFunction(module, "wasi_snapshot_preview1", kCalls[i].name, kCalls[i].signature, kCalls[i].function);
    if (result != m3Err_functionLookupFailed) check(result, kCalls[i].name);
  }
  IM3Function start;
  check(m3_FindFunction(&start, runtime, "_start"), "_start");
  check(m3_CallV(start), "run");
  return 0;
}
