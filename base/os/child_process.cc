#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // memfd_create
#endif
#include "base/os/child_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace arris::os {
namespace {

std::string read_all(int descriptor) {
  std::string out;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count > 0) {
      out.append(buffer, static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return out;
    }
  }
}

// A file without a name that has these bytes, read from its beginning; or -1.
int file_of(std::string_view bytes) {
#if defined(__linux__)
  const int descriptor = ::memfd_create("input", 0);
#else
  std::FILE* file = std::tmpfile();
  const int descriptor = file != nullptr ? ::dup(::fileno(file)) : -1;
  if (file != nullptr) std::fclose(file);
#endif
  while (descriptor >= 0 && !bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written <= 0 && errno != EINTR) {
      ::close(descriptor);
      return -1;
    }
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (descriptor >= 0) ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

}  // namespace

std::optional<std::string> output_of(std::span<const char* const> command, std::string_view input) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return std::nullopt;
  const int input_file = file_of(input);

  std::vector<char*> words;
  for (const char* word : command) words.push_back(const_cast<char*>(word));
  words.push_back(nullptr);
  const pid_t child = input_file >= 0 ? ::fork() : -1;
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    if (::dup2(input_file, STDIN_FILENO) >= 0 && ::dup2(pipe_ends[1], STDOUT_FILENO) >= 0 &&
        ::dup2(nowhere, STDERR_FILENO) >= 0) {
      ::close(pipe_ends[0]);
      ::close(pipe_ends[1]);
      ::execvp(words[0], words.data());
    }
    ::_exit(127);
  }
  ::close(pipe_ends[1]);
  if (input_file >= 0) ::close(input_file);
  const std::string out = child > 0 ? read_all(pipe_ends[0]) : std::string();
  ::close(pipe_ends[0]);
  if (child < 0) return std::nullopt;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return out;
}

}  // namespace arris::os
