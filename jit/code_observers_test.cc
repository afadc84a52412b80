// What profilers and debuggers are told: the files and images are read back, and must have the functions where they are.
#include "jit/code_observers.h"

#include <gtest/gtest.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "jit/module_code.h"
#include "text/wat.h"

extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};
struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};
extern jit_descriptor __jit_debug_descriptor;
}

namespace arris::jit {
namespace {

constexpr std::string_view kWat = R"((module $calc
  (import "host" "f" (func))
  (func $add (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "exported") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 7)))
  (func (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
  (func $"two\nlines" (call 0))))";

class CodeObservers : public testing::Test {
 protected:
  void compile(const MachineOptions& options, std::string_view wat = kWat) {
    machine_ = std::make_shared<Machine>(options);
    EXPECT_EQ(machine_->observer_error(), "");
    auto bytes = text::wat_to_wasm(wat, {Features::all()});
    ASSERT_TRUE(bytes.has_value());
    auto module = decoder::decode_module(std::move(*bytes), {Features::all(), std::make_shared<TypeRegistry>()});
    ASSERT_TRUE(module.has_value());
    ASSERT_TRUE(validator::validate_module(**module).has_value());
    module_ = *module;
    code_ = ModuleCode::attach(*module_, machine_);
  }
  // With stubs, as if one of the functions had been compiled before.
  void compile_all() {
    ASSERT_TRUE(code_->activate());
    ASSERT_TRUE(code_->compile_all(1).has_value());
  }
  uintptr_t address_of(uint32_t index) const { return reinterpret_cast<uintptr_t>(code_->code(index)); }
  const runtime::CodeBlock& block_of(uint32_t index) const { return *machine_->space().find(address_of(index)); }

  std::shared_ptr<Machine> machine_;
  std::shared_ptr<Module> module_;  // ends first
  ModuleCode* code_ = nullptr;
};

const char* const kNames[] = {"calc!add", "calc!exported", "calc!wasm-function[3]", "calc!two?lines"};

// ---- perf map ----------------------------------------------------------------------------------------------------------------

struct Range {
  uintptr_t begin, size;
};

class PerfMapFile {
 public:
  PerfMapFile() : path_("/tmp/perf-" + std::to_string(getpid()) + ".map") {}
  ~PerfMapFile() { unlink(path_.c_str()); }
  std::map<std::string, Range> read() const {
    std::map<std::string, Range> ranges;
    std::ifstream in(path_);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      Range range{};
      std::string name;
      words >> std::hex >> range.begin >> range.size;
      EXPECT_TRUE(words.good()) << line;
      std::getline(words.ignore(), name);
      ranges[name] = range;
    }
    return ranges;
  }

 private:
  std::string path_;
};

TEST_F(CodeObservers, PerfMapCoversEveryFunctionAndStub) {
  PerfMapFile file;
  MachineOptions options;
  options.perf_map = true;
  compile(options);
  compile_all();
  const auto ranges = file.read();
  for (uint32_t i = 0; i < std::size(kNames); ++i) {
    const auto found = ranges.find(kNames[i]);
    ASSERT_NE(found, ranges.end()) << kNames[i];
    EXPECT_EQ(found->second.begin, address_of(i));
    EXPECT_GT(found->second.size, 3u);
  }
  for (const char* stub : {"arris!enter", "arris!trap", "arris!slow_entry", "arris!entry_stubs"})
    EXPECT_TRUE(ranges.contains(stub)) << stub;
  const auto enter = reinterpret_cast<uintptr_t>(machine_->stubs().enter);
  EXPECT_EQ(ranges.at("arris!enter").begin, enter);
}

TEST_F(CodeObservers, PerfMapGrowsWithEachFunctionCompiledLater) {
  PerfMapFile file;
  MachineOptions options;
  options.perf_map = options.adaptive = true;
  compile(options);
  EXPECT_FALSE(file.read().contains(kNames[1]));
  ASSERT_TRUE(code_->compile(1).has_value());
  EXPECT_TRUE(file.read().contains(kNames[1]));
  EXPECT_FALSE(file.read().contains(kNames[0]));
  ASSERT_TRUE(code_->compile(0).has_value());
  EXPECT_EQ(file.read().at(kNames[0]).begin, address_of(0));
}

// ---- jitdump -----------------------------------------------------------------------------------------------------------------

class DumpReader {
 public:
  explicit DumpReader(std::string bytes) : bytes_(std::move(bytes)) {}
  bool at_end() const { return at_ == bytes_.size(); }
  template <class T>
  T get() {
    T value{};
    EXPECT_LE(at_ + sizeof(T), bytes_.size());
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::string text() {
    std::string out = bytes_.c_str() + at_;
    at_ += out.size() + 1;
    return out;
  }
  std::string take(size_t size) {
    std::string out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  size_t at() const { return at_; }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

struct Line {
  uint64_t address;
  uint32_t line;
  std::string file;
};
struct Loaded {
  uint64_t address;
  std::string code;
  std::vector<Line> lines;
};

std::map<std::string, Loaded> read_dump(const std::string& path, bool* closed) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  DumpReader reader(all.str());
  EXPECT_EQ(reader.get<uint32_t>(), 0x4A695444u);
  EXPECT_EQ(reader.get<uint32_t>(), 1u);
  EXPECT_EQ(reader.get<uint32_t>(), 40u);
  EXPECT_EQ(reader.get<uint32_t>(), 62u) << "EM_X86_64";
  reader.get<uint32_t>();
  EXPECT_EQ(reader.get<uint32_t>(), static_cast<uint32_t>(getpid()));
  uint64_t time = reader.get<uint64_t>();
  EXPECT_EQ(reader.get<uint64_t>(), 0u);
  std::map<std::string, Loaded> loaded;
  std::vector<Line> lines;
  uint64_t next_index = 0;
  *closed = false;
  while (!reader.at_end() && !testing::Test::HasFailure()) {
    const size_t begin = reader.at();
    const auto id = reader.get<uint32_t>();
    const auto size = reader.get<uint32_t>();
    const auto when = reader.get<uint64_t>();
    EXPECT_GE(when, time);
    time = when;
    if (id == 0) {
      EXPECT_EQ(reader.get<uint32_t>(), static_cast<uint32_t>(getpid()));
      EXPECT_EQ(reader.get<uint32_t>(), static_cast<uint32_t>(gettid()));
      const auto vma = reader.get<uint64_t>();
      const auto address = reader.get<uint64_t>();
      EXPECT_EQ(vma, address);
      const auto bytes = reader.get<uint64_t>();
      EXPECT_EQ(reader.get<uint64_t>(), next_index++);
      std::string name = reader.text();
      loaded[name] = {address, reader.take(bytes), std::move(lines)};
      lines.clear();
    } else if (id == 2) {
      reader.get<uint64_t>();
      const auto count = reader.get<uint64_t>();
      for (uint64_t i = 0; i < count; ++i) {
        const auto address = reader.get<uint64_t>();
        const auto line = reader.get<uint32_t>();
        EXPECT_EQ(reader.get<uint32_t>(), 0u);
        lines.push_back({address, line, reader.text()});
      }
    } else {
      EXPECT_EQ(id, 3u);
      *closed = true;
    }
    EXPECT_EQ(reader.at() - begin, size);
  }
  return loaded;
}

TEST_F(CodeObservers, JitdumpHasTheCodeAndItsPlacesInTheModule) {
  const std::string folder = testing::TempDir() + "arris-jitdump-" + std::to_string(getpid());
  ASSERT_EQ(system(("mkdir -p " + folder).c_str()), 0);
  setenv("JITDUMPDIR", folder.c_str(), 1);
  MachineOptions options;
  options.jitdump = true;
  compile(options);
  unsetenv("JITDUMPDIR");
  compile_all();
  const std::string path = folder + "/jit-" + std::to_string(getpid()) + ".dump";
  // What `perf record` sees: the file among the executable mappings.
  std::ifstream maps("/proc/self/maps");
  bool is_mapped = false;
  for (std::string line; std::getline(maps, line);)
    is_mapped |= line.find("r-xp") != line.npos && line.find(path) != line.npos;
  EXPECT_TRUE(is_mapped);
  bool closed = false;
  auto loaded = read_dump(path, &closed);
  EXPECT_FALSE(closed);
  for (uint32_t i = 0; i < std::size(kNames); ++i) {
    ASSERT_TRUE(loaded.contains(kNames[i])) << kNames[i];
    const Loaded& one = loaded.at(kNames[i]);
    EXPECT_EQ(one.address, address_of(i));
    EXPECT_EQ(std::memcmp(one.code.data(), code_->code(i), one.code.size()), 0);
    const FuncBody& body = module_->bodies[i];
    ASSERT_FALSE(one.lines.empty());
    EXPECT_EQ(one.lines[0].address, one.address);
    for (const Line& line : one.lines) {
      EXPECT_EQ(line.file, "calc.wasm");
      EXPECT_GE(line.line, body.code_offset);
      EXPECT_LT(line.line, body.code_offset + module_->func_codes[i].code_size);
      EXPECT_LE(line.address, one.address + one.code.size());
    }
  }
  // The division: behind local.get 0 and i32.const 7.
  const uint32_t division = module_->bodies[1].code_offset + 4;
  const auto& lines = loaded.at("calc!exported").lines;
  EXPECT_TRUE(std::ranges::any_of(lines, [&](const Line& line) { return line.line == division; }));
  EXPECT_TRUE(loaded.at("arris!enter").lines.empty());
  module_.reset();
  machine_.reset();
  read_dump(path, &closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(system(("rm -r " + folder).c_str()), 0);
}

TEST_F(CodeObservers, AFileThatCannotBeMadeIsToldAtOnce) {
  setenv("JITDUMPDIR", "/nonexistent/folder", 1);
  MachineOptions options;
  options.jitdump = true;
  const Machine machine(options);
  unsetenv("JITDUMPDIR");
  EXPECT_EQ(machine.observer_error(),
            "/nonexistent/folder/jit-" + std::to_string(getpid()) + ".dump: No such file or directory");
}

// ---- GDB ---------------------------------------------------------------------------------------------------------------------

size_t registered_images() {
  size_t count = 0;
  for (const jit_code_entry* entry = __jit_debug_descriptor.first_entry; entry != nullptr; entry = entry->next_entry) {
    EXPECT_TRUE(entry->next_entry == nullptr || entry->next_entry->prev_entry == entry);
    ++count;
  }
  return count;
}

// The symbols of an image, by name, as addresses.
std::map<std::string, Range> symbols_of_image(const jit_code_entry& entry) {
  std::map<std::string, Range> symbols;
  elf_version(EV_CURRENT);
  Elf* elf = elf_memory(const_cast<char*>(entry.symfile_addr), entry.symfile_size);
  EXPECT_NE(elf, nullptr);
  Elf64_Shdr* text = nullptr;
  size_t strings = 0;
  EXPECT_EQ(elf_getshdrstrndx(elf, &strings), 0);
  bool has_frames = false;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    Elf64_Shdr* header = elf64_getshdr(section);
    const std::string name = elf_strptr(elf, strings, header->sh_name);
    if (name == ".text") text = header;
    has_frames |= name == ".eh_frame" && header->sh_type == SHT_PROGBITS && header->sh_size > 24;
    if (header->sh_type != SHT_SYMTAB) continue;
    const Elf_Data* data = elf_getdata(section, nullptr);
    const auto* rows = static_cast<const Elf64_Sym*>(data->d_buf);
    for (size_t i = 1; i < data->d_size / sizeof(Elf64_Sym); ++i) {
      EXPECT_EQ(ELF64_ST_TYPE(rows[i].st_info), STT_FUNC);
      symbols[elf_strptr(elf, header->sh_link, rows[i].st_name)] = {text->sh_addr + rows[i].st_value, rows[i].st_size};
    }
  }
  EXPECT_TRUE(has_frames);
  EXPECT_TRUE(text != nullptr && text->sh_type == SHT_NOBITS);
  elf_end(elf);
  return symbols;
}

TEST_F(CodeObservers, GdbIsToldWhileTheCodeIsThere) {
  ASSERT_EQ(registered_images(), 0u);
  MachineOptions options;
  options.gdb = true;
  compile(options);
  compile_all();
  ASSERT_EQ(registered_images(), 3u) << "the engine's stubs, the module's, its functions";
  const auto symbols = symbols_of_image(*__jit_debug_descriptor.first_entry);
  EXPECT_EQ(symbols.size(), std::size(kNames));
  EXPECT_EQ(symbols.at("add").begin, address_of(0));
  EXPECT_EQ(symbols.at("wasm-function[3]").begin, address_of(2));
  const runtime::CodeBlock& block = block_of(0);
  EXPECT_EQ(symbols.at("add").size, block.functions[0].end - block.functions[0].begin);
  module_.reset();
  EXPECT_EQ(registered_images(), 1u);
  const auto stubs = symbols_of_image(*__jit_debug_descriptor.first_entry);
  EXPECT_EQ(stubs.at("arris!enter").begin, reinterpret_cast<uintptr_t>(machine_->stubs().enter));
  machine_.reset();
  EXPECT_EQ(registered_images(), 0u);
}

TEST_F(CodeObservers, NobodyIsToldByDefault) {
  compile({});
  compile_all();
  EXPECT_EQ(registered_images(), 0u);
  EXPECT_TRUE(block_of(0).positions.empty());
  EXPECT_NE(access(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace arris::jit
