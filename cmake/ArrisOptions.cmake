# Build options and the one interface target (arris_flags) that every room compiles with.
option(ARRIS_BUILD_TESTS "Build unit tests and register the conformance suite with CTest" ON)
option(ARRIS_BUILD_BENCH "Build the benchmark harness" ON)
option(ARRIS_BUILD_FUZZ "Build the libFuzzer targets (needs Clang)" OFF)
option(ARRIS_WITH_JIT "Compile hot functions to machine code (x86-64; needs asmjit). OFF: an interpreter alone" ON)
option(ARRIS_WITH_DWARF "Lines of source and demangled names in traps (links libdw, libelf: LGPL-3 or GPL-2; libiberty: LGPL-2)" ON)
set(ARRIS_SANITIZE "" CACHE STRING "Sanitizers, as given to -fsanitize= (for example address,undefined)")
set(ARRIS_TESTSUITE "" CACHE PATH "Folder of the official test suite; empty means ../shared/testsuite beside the project")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(ARRIS_CCACHE ccache)
if(ARRIS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ARRIS_CCACHE})
endif()

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Arris needs Clang 19 or later (the interpreter relies on musttail and preserve_none). "
                      "On Debian: apt-get install clang-19, then -DCMAKE_CXX_COMPILER=clang++-19; or use ./dev build.")
endif()

add_library(arris_flags INTERFACE)
target_include_directories(arris_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_compile_options(arris_flags INTERFACE -Wall -Wextra -Wshadow -Wno-unused-parameter -Werror
                                             -ffunction-sections -fdata-sections -fno-math-errno -ffp-contract=off)
# The engine is built without C++ exceptions and RTTI. A program whose libraries need them (CLI11, JSON) sets ARRIS_EXCEPTIONS.
target_compile_options(arris_flags INTERFACE
  "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:ARRIS_EXCEPTIONS>>>:-fno-rtti;-fno-exceptions>")
target_link_options(arris_flags INTERFACE -fuse-ld=lld -Wl,--gc-sections)
# Size of release programs: without exceptions nothing reads unwind tables (debuggers do: other build types keep them), and functions
# that are the same byte for byte are kept once, unless their address is taken.
target_compile_options(arris_flags INTERFACE
  "$<$<AND:$<CONFIG:Release>,$<NOT:$<BOOL:$<TARGET_PROPERTY:ARRIS_EXCEPTIONS>>>>:-fno-asynchronous-unwind-tables>")
target_link_options(arris_flags INTERFACE "$<$<CONFIG:Release>:LINKER:--icf=safe>")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # SSE4.1 (with SSSE3 and POPCNT's generation, x86-64-v2) is the floor of the machine code Arris writes, so it is its own floor too.
  target_compile_options(arris_flags INTERFACE -march=x86-64-v2)
endif()
if(ARRIS_SANITIZE)
  # vptr checks need RTTI, which the engine's objects do not have, wherever they are used. Function checks read type
  # information before a function's first byte, where generated code has none.
  target_compile_options(arris_flags INTERFACE -fsanitize=${ARRIS_SANITIZE} -fno-sanitize=vptr,function
                                               -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(arris_flags INTERFACE -fsanitize=${ARRIS_SANITIZE})
  if(ARRIS_SANITIZE MATCHES "address")
    # Clang 19 cannot realign a frame with dynamic allocas under preserve_none (the interpreter's handlers).
    target_compile_options(arris_flags INTERFACE "SHELL:-mllvm -asan-stack-dynamic-alloca=0")
  endif()
endif()
if(ARRIS_BUILD_FUZZ)  # coverage counters in every room; fuzz/ itself links with -fsanitize=fuzzer
  target_compile_options(arris_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
# For the programs only (cli, spectest, bench): argument parsing, formatting, JSON. The engine's rooms use none of them.
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
