#include "symbols/elf_image.h"

#include <elf.h>
#include <cstring>

namespace arris::symbols {
namespace {

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

// Header, section bytes, names, section headers. Numbers are in the machine's own order, as the image says.
std::string make_elf_image(std::span<const DebugSection> sections) {
  std::string names(1, '\0');
  std::vector<Elf64_Shdr> headers(1);  // number 0 is the null section
  std::string image(sizeof(Elf64_Ehdr), '\0');
  auto add = [&](std::string_view name, std::string_view bytes, uint32_t type) {
    Elf64_Shdr header{};
    header.sh_name = static_cast<uint32_t>(names.size());
    header.sh_type = type;
    header.sh_offset = image.size();
    header.sh_size = bytes.size();
    header.sh_addralign = 1;
    headers.push_back(header);
    image += bytes;
  };
  for (const DebugSection& section : sections) {
    add(section.name, section.bytes, SHT_PROGBITS);
    names += section.name;
    names += '\0';
  }
  std::string all_names = names + ".shstrtab" + '\0';
  add(".shstrtab", all_names, SHT_STRTAB);
  image.resize((image.size() + 7) & ~size_t{7});

  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  constexpr uint16_t kOne = 1;
  uint8_t first;
  std::memcpy(&first, &kOne, 1);
  header.e_ident[EI_DATA] = first == 1 ? ELFDATA2LSB : ELFDATA2MSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_NONE;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shoff = image.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<uint16_t>(headers.size());
  header.e_shstrndx = static_cast<uint16_t>(headers.size() - 1);
  std::memcpy(image.data(), &header, sizeof header);
  for (const Elf64_Shdr& section : headers) append(image, section);
  return image;
}

}  // namespace arris::symbols
