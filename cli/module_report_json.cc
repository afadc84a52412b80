// ModuleReport as JSON. Nothing is left out of it, and names are as the module has them.
#include "base/json_writer.h"
#include "cli/module_report.h"

namespace arris::cli {
namespace {

std::string_view kind_name(api::ExternKind kind) { return api::kExternKindNames[static_cast<int>(kind)]; }

template <class List, class Write>
void array(JsonWriter& json, std::string_view key, const List& items, Write write) {
  json.key(key);
  json.begin_array();
  for (const auto& item : items) write(item);
  json.end_array();
}

template <class List, class Write>
void array_of_objects(JsonWriter& json, std::string_view key, const List& items, Write write) {
  array(json, key, items, [&](const auto& item) {
    json.begin_object();
    write(item);
    json.end_object();
  });
}

void write_segments(JsonWriter& json, std::string_view key, const api::SegmentFacts& facts, std::string_view unit) {
  json.key(key);
  json.begin_object();
  json.member("count", uint64_t{facts.count});
  json.member("active", uint64_t{facts.active});
  json.member(unit, facts.size);
  json.end_object();
}

void write_declarations(JsonWriter& json, const ModuleReport& r) {
  const api::ModuleFacts& f = r.facts;
  auto text = [&](const std::string& one) { json.value(one); };
  array(json, "types", f.types, text);
  size_t position = 0;
  array_of_objects(json, "imports", f.imports, [&](const api::ImportFacts& import) {
    const Provision& provision = r.provisions[position++];
    json.member("module", import.module);
    json.member("name", import.name);
    json.member("kind", kind_name(import.kind));
    json.member("type", import.type);
    json.key("provided");
    if (provision.kind == Provision::Kind::unknown) {
      json.null();
    } else {
      json.value(provision.is_provided());
    }
    if (!provision.note.empty()) json.member("note", provision.note);
  });
  array_of_objects(json, "exports", f.exports, [&](const api::ExportFacts& one) {
    json.member("name", one.name);
    json.member("kind", kind_name(one.kind));
    json.member("index", uint64_t{one.index});
    json.member("type", one.type);
  });
  array(json, "tables", f.tables, text);
  array(json, "memories", f.memories, text);
  array(json, "globals", f.globals, text);
  array(json, "tags", f.tags, text);
  write_segments(json, "data", f.data, "bytes");
  write_segments(json, "elements", f.elements, "items");
}

void write_functions(JsonWriter& json, const ModuleReport& r) {
  json.key("functions");
  json.begin_object();
  json.member("imported", uint64_t{r.facts.imported_funcs});
  json.member("own", uint64_t{r.facts.funcs.size()});
  json.member("code_bytes", r.code_bytes);
  json.key("start");
  if (r.facts.start) {
    json.value(uint64_t{*r.facts.start});
  } else {
    json.null();
  }
  array_of_objects(json, "largest", r.largest, [&](uint32_t number) {
    const api::FuncFacts& func = r.facts.funcs[number];
    json.member("index", uint64_t{func.index});
    json.member("name", func.name);
    json.member("type", func.type);
    json.member("offset", func.offset);
    json.member("bytes", func.size);
  });
  json.end_object();
}

void write_error(JsonWriter& json, const std::optional<api::Error>& error) {
  json.key("error");
  if (!error) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("phase", api::to_string(api::phase_of(error->code)));
  json.member("message", error->to_string());
  if (error->offset != api::kNoOffset) json.member("offset", error->offset);
  json.end_object();
}

}  // namespace

std::string to_json(const ModuleReport& r) {
  JsonWriter json;
  json.begin_object();
  json.member("file", r.file);
  json.member("bytes", uint64_t{r.bytes.size()});
  write_error(json, r.facts.error);
  json.member("name", r.facts.name);
  array_of_objects(json, "sections", r.facts.sections, [&](const api::SectionView& section) {
    json.member("id", uint64_t{section.id});
    json.member("name", section.name);
    json.member("offset", section.offset);
    json.member("bytes", uint64_t{section.content.size()});
  });
  write_declarations(json, r);
  write_functions(json, r);
  array_of_objects(json, "features", r.needs, [&](const api::FeatureNeed& need) {
    json.member("feature", flag_of(need.feature));
    json.member("needed_by", need.what);
    if (need.offset != api::kNoOffset) json.member("offset", need.offset);
    if (need.func_index) json.member("function", uint64_t{*need.func_index});
  });
  json.key("names");
  json.begin_object();
  json.member("functions", uint64_t{r.facts.named_funcs});
  json.member("locals", uint64_t{r.facts.named_locals});
  json.end_object();
  array_of_objects(json, "producers", r.producers, [&](const Producer& producer) {
    json.member("field", producer.field);
    json.member("name", producer.name);
    json.member("version", producer.version);
  });
  json.key("dwarf");
  json.begin_object();
  json.member("sections", r.dwarf_sections);
  json.member("bytes", r.dwarf_bytes);
  json.end_object();
  json.end_object();
  return json.text() + "\n";
}

}  // namespace arris::cli
