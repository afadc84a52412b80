#include "text/module_context.h"

#include <algorithm>

#include "base/leb128.h"
#include "base/utf8.h"

namespace arris::text {

void write_bytes(Bytes& out, std::string_view bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void write_name(Bytes& out, std::string_view name) {
  write_uleb(out, name.size());
  write_bytes(out, name);
}

uint32_t ModuleContext::declare(Space s) {
  IndexSpace& names = space(s);
  uint32_t offset = peek().offset;
  std::optional<std::string_view> id = take_id();
  if (id && !names.ids.emplace(*id, names.count).second)
    fail_at(offset, "duplicate " + std::string(kSpaceNames[static_cast<unsigned>(s)]) + " $" + std::string(*id));
  std::string name;
  if (take_given_name(id, name)) names.names.emplace_back(names.count, std::move(name));
  return names.count++;
}

uint32_t ModuleContext::resolve(Space s) {
  if (kind() == TokenKind::integer) return expect_u32();
  if (!at_id()) {
    unexpected();
    return 0;
  }
  const IndexSpace& names = space(s);
  std::string_view id = id_text();
  auto found = names.ids.find(id);
  if (found == names.ids.end()) {
    fail("unknown " + std::string(kSpaceNames[static_cast<unsigned>(s)]) + " $" + std::string(id));
    return 0;
  }
  advance();
  return found->second;
}

uint32_t ModuleContext::resolve_field(uint32_t type) {
  if (kind() == TokenKind::integer) return expect_u32();
  if (!at_id()) {
    unexpected();
    return 0;
  }
  std::string_view id = id_text();
  auto fields = field_ids_.find(type);
  if (fields != field_ids_.end()) {
    auto found = fields->second.find(id);
    if (found != fields->second.end()) {
      advance();
      return found->second;
    }
  }
  fail("unknown field $" + std::string(id));
  return 0;
}

int ModuleContext::take_annotation(AnnotationKind wanted) {
  const auto& all = list().annotations;
  if (all.empty()) return -1;
  auto it = std::ranges::lower_bound(all, position(), {}, &Annotation::before);
  for (; it != all.end() && it->before == position(); ++it) {
    size_t i = it - all.begin();
    if (it->kind != wanted || annotation_used_[i]) continue;
    annotation_used_[i] = true;
    return static_cast<int>(i);
  }
  return -1;
}

bool ModuleContext::take_name_annotation(std::string& name) {
  int i = take_annotation(AnnotationKind::name);
  if (i < 0) return false;
  const Annotation& annotation = list().annotations[i];
  const Token* token = list().annotation_tokens.data() + annotation.first;
  if (annotation.count != 1 || token->kind != TokenKind::string) {
    fail_at(annotation.offset, "@name annotation: unexpected token");
    return false;
  }
  name = decode_string(list().text(*token));
  if (!is_valid_utf8(name)) fail_at(annotation.offset, "@name annotation: malformed UTF-8 encoding");
  return true;
}

bool ModuleContext::take_given_name(std::optional<std::string_view> id, std::string& name) {
  if (take_name_annotation(name)) return true;
  if (!id || !keep_ids_) return false;
  name = std::string(*id);
  return true;
}

void ModuleContext::check_annotations_used(uint32_t begin, uint32_t end) {
  const auto& all = list().annotations;
  for (size_t i = 0; i < all.size(); ++i) {
    if (annotation_used_[i] || all[i].before < begin || all[i].before > end) continue;
    if (all[i].kind == AnnotationKind::branch_hint)
      return fail_at(all[i].offset, std::string(to_string(all[i].kind)) + " annotation: not in a function");
    return fail_at(all[i].offset, "misplaced " + std::string(to_string(all[i].kind)) + " annotation");
  }
}

}  // namespace arris::text
