#include "jit/code_elf.h"

#include <elf.h>

#include <cstring>
#include <vector>

#include "jit/code_symbols.h"

namespace arris::jit {
namespace {

using runtime::CodeBlock;

// ---- .eh_frame ---------------------------------------------------------------------------------------------------------------

// DWARF numbers of x86-64's registers.
enum DwarfRegister : uint8_t { kRbx = 3, kRbp = 6, kRsp = 7, kR12 = 12, kR13 = 13, kR14 = 14, kR15 = 15, kReturn = 16 };
enum CfaOperation : uint8_t {
  kAdvance4 = 0x04,   // DW_CFA_advance_loc4
  kDefineCfa = 0x0C,  // DW_CFA_def_cfa
  kCfaOffset = 0x0E,  // DW_CFA_def_cfa_offset
  kSavedAt = 0x80,    // DW_CFA_offset, plus the register
};
constexpr uint8_t kWord = 8;

// What `enter` (stubs.cc) pushes, from the return address downwards.
constexpr DwarfRegister kSavedByEnter[] = {kRbp, kRbx, kR12, kR13, kR14, kR15};

class FrameTable {
 public:
  FrameTable() {
    begin_entry(0);
    put<uint8_t>(1);             // version
    put<uint8_t>(0);             // no augmentation: addresses are absolute
    put<uint8_t>(1);             // unit of code
    put<uint8_t>(0x80 - kWord);  // unit of data: -8, as a signed LEB128 number
    put<uint8_t>(kReturn);
    put<uint8_t>(kDefineCfa), put<uint8_t>(kRsp), put<uint8_t>(kWord);
    save(kReturn, 1);
    end_entry();
  }

  // A compiled function pushes the caller's rbp first of all. At its `ret` the frame is gone already; that is not described.
  void add_function(uintptr_t address, uint32_t size) {
    begin_function(address, size);
    frame_from(1, 2 * kWord);
    save(kRbp, 2);
    end_entry();
  }
  void add_stub(uintptr_t block, const CodeBlock::Stub& stub) {
    begin_function(block + stub.begin, stub.end - stub.begin);
    if (stub.frame_bytes != 0) frame_from(stub.frame_at - stub.begin, stub.frame_bytes);
    if (stub.enters) {
      uint8_t word = 2;
      for (DwarfRegister r : kSavedByEnter) save(r, word++);
    }
    end_entry();
  }
  std::string finish() {
    put<uint32_t>(0);
    return std::move(out_);
  }

 private:
  template <class T>
  void put(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put_uleb(uint32_t value) {
    for (; value >= 0x80; value >>= 7) put<uint8_t>(static_cast<uint8_t>(value | 0x80));
    put<uint8_t>(static_cast<uint8_t>(value));
  }
  void begin_function(uintptr_t address, uint32_t size) {
    begin_entry(static_cast<uint32_t>(out_.size() + sizeof(uint32_t)));  // back to the common entry, which is at 0
    put<uint64_t>(address);
    put<uint64_t>(size);
  }
  void begin_entry(uint32_t id) {
    entry_ = out_.size();
    put<uint32_t>(0);
    put<uint32_t>(id);
  }
  void end_entry() {
    while (out_.size() % kWord != sizeof(uint32_t)) put<uint8_t>(0);  // DW_CFA_nop
    const auto size = static_cast<uint32_t>(out_.size() - entry_ - sizeof(uint32_t));
    std::memcpy(out_.data() + entry_, &size, sizeof size);
  }
  void frame_from(uint32_t offset, uint32_t bytes) {
    put<uint8_t>(kAdvance4), put<uint32_t>(offset);
    put<uint8_t>(kCfaOffset), put_uleb(bytes);
  }
  // So many words below the frame's outer end.
  void save(DwarfRegister r, uint8_t words) {
    put<uint8_t>(static_cast<uint8_t>(kSavedAt | uint8_t{r})), put<uint8_t>(words);
  }

  std::string out_;
  size_t entry_ = 0;
};

// ---- The image ---------------------------------------------------------------------------------------------------------------

enum SectionIndex : uint16_t { kNull, kText, kFrames, kSymbols, kStrings, kSectionCount };
constexpr std::string_view kSectionNames[] = {"", ".text", ".eh_frame", ".symtab", ".strtab"};

class Image {
 public:
  explicit Image(const CodeBlock& block) : block_(block), out_(sizeof(Elf64_Ehdr), '\0') {}

  std::string make() {
    const auto base = reinterpret_cast<uintptr_t>(block_.begin);
    std::string strings(1, '\0');
    std::vector<Elf64_Sym> symbols(1);
    uint32_t section_names[kSectionCount];
    for (size_t i = 0; i < kSectionCount; ++i) section_names[i] = add_string(strings, kSectionNames[i]);
    for (const CodeSymbol& symbol : symbols_of(block_)) {
      Elf64_Sym& row = symbols.emplace_back();
      // Without the module: what a user types after `break`.
      const size_t prefix = symbol.func != kNoIndex ? module_prefix(*block_.module).size() : 0;
      row.st_name = add_string(strings, std::string_view(symbol.name).substr(prefix));
      row.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
      row.st_shndx = kText;
      row.st_value = symbol.begin;  // of relocatable files: in the section
      row.st_size = symbol.end - symbol.begin;
    }
    Elf64_Shdr& text = sections_[kText];
    text.sh_type = SHT_NOBITS;
    text.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    text.sh_addr = base;
    text.sh_size = block_.size;
    text.sh_addralign = 16;
    add_section(kFrames, SHT_PROGBITS, frames());
    sections_[kFrames].sh_flags = SHF_ALLOC;
    add_section(kSymbols, SHT_SYMTAB,
                {reinterpret_cast<const char*>(symbols.data()), symbols.size() * sizeof(Elf64_Sym)});
    sections_[kSymbols].sh_link = kStrings;
    sections_[kSymbols].sh_info = 1;  // the first global one
    sections_[kSymbols].sh_entsize = sizeof(Elf64_Sym);
    add_section(kStrings, SHT_STRTAB, strings);
    for (size_t i = 0; i < kSectionCount; ++i) sections_[i].sh_name = section_names[i];
    finish_header();
    return std::move(out_);
  }

 private:
  static uint32_t add_string(std::string& strings, std::string_view text) {
    const auto at = static_cast<uint32_t>(strings.size());
    strings += text;
    strings += '\0';
    return at;
  }

  std::string frames() const {
    const auto base = reinterpret_cast<uintptr_t>(block_.begin);
    FrameTable table;
    for (const CodeBlock::Stub& stub : block_.stubs) table.add_stub(base, stub);
    for (size_t i = 0; i + 1 < block_.functions.size(); ++i) {
      const CodeBlock::Function& f = block_.functions[i];
      table.add_function(base + f.begin, f.end - f.begin);
    }
    return table.finish();
  }

  void add_section(SectionIndex index, uint32_t type, std::string_view bytes) {
    out_.resize((out_.size() + 7) & ~size_t{7});
    sections_[index].sh_type = type;
    sections_[index].sh_offset = out_.size();
    sections_[index].sh_size = bytes.size();
    sections_[index].sh_addralign = 8;
    out_ += bytes;
  }

  void finish_header() {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_REL;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = kSectionCount;
    header.e_shstrndx = kStrings;
    out_.resize((out_.size() + 7) & ~size_t{7});
    header.e_shoff = out_.size();
    out_.append(reinterpret_cast<const char*>(sections_), sizeof sections_);
    std::memcpy(out_.data(), &header, sizeof header);
  }

  const CodeBlock& block_;
  std::string out_;
  Elf64_Shdr sections_[kSectionCount] = {};
};

}  // namespace

std::string make_code_elf(const CodeBlock& block) { return Image(block).make(); }

}  // namespace arris::jit
