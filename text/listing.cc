#include "text/listing.h"

#include <algorithm>
namespace arris::text {

std::vector<ListedInstruction> InstructionLister::list(uint32_t index) const {
  const FuncBody& body = module_.bodies[index];
  const uint32_t func = index + module_.imported_funcs;
  const SpaceNames locals = member_names(module_, module_.names.locals, func);
  std::span<const NameAssoc> labels;
  const auto found = std::ranges::lower_bound(module_.names.labels, func, {}, &IndirectNameAssoc::index);
  if (found != module_.names.labels.end() && found->index == func) labels = found->names;

  std::string all;
  std::vector<LinePlace> places;
  InstructionPrinter printer(module_, names_, all);
  const ByteRange code{body.code_offset, body.body.end() - body.code_offset};
  printer.print_body(code, body.body.offset, locals, labels, {}, &places);

  std::vector<ListedInstruction> lines;
  lines.reserve(places.size() + 1);
  constexpr size_t kMargin =
      1 + InstructionPrinter::kIndent;  // the line break and what print_wat puts before every line
  for (size_t i = 0; i < places.size(); ++i) {
    const size_t end = i + 1 < places.size() ? places[i + 1].begin : all.size();
    lines.push_back({places[i].offset, all.substr(places[i].begin + kMargin, end - places[i].begin - kMargin)});
  }
  lines.push_back({code.offset + code.size - 1, "end"});
  return lines;
}

}  // namespace arris::text
