// ProfileFile: a file that grows while the program runs, for a profiler to read afterwards or meanwhile; and what its records say
// about this process. For jit/perf_map.cc and jit/jitdump.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arris::os {

class ProfileFile {
 public:
  ProfileFile() = default;
  ProfileFile(const ProfileFile&) = delete;
  ProfileFile& operator=(const ProfileFile&) = delete;
  ~ProfileFile();

  // Creates or empties it. The name may be predictable and in a folder for everybody: links are not followed. 0 or an errno value.
  int open(const std::string& path);
  // Writes all, at the end. After the first failure nothing is written any more: half a record would make nonsense of the rest.
  void append(std::string_view bytes);
  // Maps the beginning of the file executable, and leaves it so: `perf record` notes mapped code, and so learns the file's name.
  bool mark();

 private:
  int descriptor_ = -1;
  void* mark_ = nullptr;
};

uint32_t process_id();
uint32_t thread_id();
// The clock that `perf record -k mono` uses.
uint64_t monotonic_nanoseconds();

}  // namespace arris::os
