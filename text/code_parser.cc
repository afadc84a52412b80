// Structure: frames, labels, blocks. The immediates of plain instructions are in immediates.cc.
#include "text/code_parser.h"

#include <algorithm>

#include "base/check.h"
#include "base/leb128.h"
#include "text/mnemonics.h"

namespace arris::text {

void CodeParser::declare_params(const ParamIds& ids, uint32_t count, const NameMap& names) {
  local_count_ = count;
  names_.locals = names;
  for (auto [index, id] : ids)
    if (!locals_.emplace(id, index).second) c_.fail("duplicate local $" + std::string(id));
}

void CodeParser::parse_locals() {
  std::vector<std::pair<uint32_t, TextType>> groups;
  auto add = [&](TextType type) {
    if (!groups.empty() && groups.back().second == type) {
      ++groups.back().first;
    } else {
      groups.emplace_back(1, type);
    }
    ++local_count_;
  };
  while (c_.take_form("local")) {
    uint32_t offset = c_.peek().offset;
    std::optional<std::string_view> id = c_.take_id();
    std::string name;
    if (c_.take_given_name(id, name)) names_.locals.emplace_back(local_count_, std::move(name));
    if (id) {
      if (!locals_.emplace(*id, local_count_).second) c_.fail_at(offset, "duplicate local $" + std::string(*id));
      add(c_.parse_value_type());
    } else {
      while (c_.kind() != TokenKind::rparen && !c_.failed()) add(c_.parse_value_type());
    }
    c_.expect_rparen();
  }
  write_uleb(out_, groups.size());
  for (auto [count, type] : groups) {
    write_uleb(out_, count);
    write_type(out_, type);
  }
  hint_allowed_ = true;
}

void CodeParser::parse_body() {
  parse_instructions(false);
  std::ranges::sort(names_.labels);
  record_place(c_.peek().offset);
  out_.push_back(static_cast<uint8_t>(info(Opcode::end).code));
}

void CodeParser::parse_single_expression() {
  if (c_.kind() != TokenKind::lparen) c_.unexpected();
  parse_instructions(true);
  out_.push_back(static_cast<uint8_t>(info(Opcode::end).code));
}

void CodeParser::parse_instructions(bool single) {
  DCHECK(frames_.empty());
  while (!c_.failed()) {
    switch (c_.kind()) {
      case TokenKind::rparen:
        if (frames_.empty()) return;
        close_form();
        if (single && frames_.empty()) return;
        break;
      case TokenKind::lparen: open_form(); break;
      case TokenKind::keyword:
        if (!takes_flat_instructions()) return c_.unexpected();
        flat_instruction();
        break;
      default:
        // The end of a field list that has no parenthesis of its own cannot be reached from here: every caller is in a form.
        return c_.unexpected();
    }
  }
}

bool CodeParser::takes_flat_instructions() const {
  if (frames_.empty()) return true;
  FrameKind kind = frames_.back().kind;
  return kind != FrameKind::folded_plain && kind != FrameKind::folded_if && kind != FrameKind::folded_try;
}

void CodeParser::push(Frame frame) {
  if (frames_.size() >= kMaxTextNesting) return c_.fail("nesting too deep");
  frames_.push_back(frame);
}

// --- Branch hints ---

int CodeParser::take_hint() {
  if (!hint_allowed_) return -1;
  int hint = c_.take_annotation(AnnotationKind::branch_hint);
  if (hint >= 0) {
    int second = c_.take_annotation(AnnotationKind::branch_hint);
    if (second >= 0)
      c_.fail_at(c_.list().annotations[second].offset, "@metadata.code.branch_hint annotation: duplicate annotation");
  }
  return hint;
}

// A hint speaks about the condition of an if or a br_if; the section it becomes may not say anything else.
void CodeParser::check_hint_target(int annotation_index, Opcode op) {
  if (annotation_index < 0 || op == Opcode::if_ || op == Opcode::br_if) return;
  c_.fail_at(c_.list().annotations[annotation_index].offset, "@metadata.code.branch_hint annotation: invalid target");
}

void CodeParser::record_hint(int annotation_index) {
  if (annotation_index < 0) return;
  const Annotation& annotation = c_.list().annotations[annotation_index];
  std::string payload;
  for (uint32_t i = 0; i < annotation.count; ++i) {
    const Token& token = c_.list().annotation_tokens[annotation.first + i];
    if (token.kind != TokenKind::string)
      return c_.fail_at(annotation.offset, "@metadata.code.branch_hint annotation: unexpected token");
    payload += decode_string(c_.list().text(token));
  }
  branch_hints_.push_back({static_cast<uint32_t>(out_.size() - body_start_), std::move(payload)});
}

// --- Labels ---

void CodeParser::push_label(const Frame& frame) {
  if (!frame.label.empty()) label_depths_[frame.label].push_back(static_cast<uint32_t>(labels_.size()));
  labels_.push_back(frame.label);
  if (frame.label_name != kNoIndex) names_.labels[frame.label_name].first = label_count_;
  ++label_count_;
}

void CodeParser::pop_label() {
  if (!labels_.back().empty()) label_depths_[labels_.back()].pop_back();
  labels_.pop_back();
}

uint32_t CodeParser::resolve_label() {
  if (c_.kind() == TokenKind::integer) return c_.expect_u32();
  if (!c_.at_id()) {
    c_.unexpected();
    return 0;
  }
  std::string_view id = c_.id_text();
  auto found = label_depths_.find(id);
  if (found == label_depths_.end() || found->second.empty()) {
    c_.fail("unknown label $" + std::string(id));
    return 0;
  }
  c_.advance();
  return static_cast<uint32_t>(labels_.size()) - 1 - found->second.back();
}

uint32_t CodeParser::resolve_local() {
  if (c_.kind() == TokenKind::integer) return c_.expect_u32();
  if (!c_.at_id()) {
    c_.unexpected();
    return 0;
  }
  auto found = locals_.find(c_.id_text());
  if (found == locals_.end()) {
    c_.fail("unknown local $" + std::string(c_.id_text()));
    return 0;
  }
  c_.advance();
  return found->second;
}

void CodeParser::expect_label_matches(std::string_view label) {
  if (c_.at_id() && c_.id_text() != label) return c_.fail("mismatching label $" + std::string(c_.id_text()));
  c_.take_id();
}

// --- Blocks ---

CodeParser::Frame CodeParser::block_header(Opcode op, FrameKind kind, Bytes& out) {
  Frame frame{.kind = kind};
  std::optional<std::string_view> id = c_.take_id();
  frame.label = id.value_or(std::string_view());
  std::string name;
  if (c_.take_given_name(id, name)) {
    // Its index is known once the label is pushed: conditions of a folded `if` come before it.
    frame.label_name = static_cast<uint32_t>(names_.labels.size());
    names_.labels.emplace_back(0, std::move(name));
  }
  write_opcode(out, op);
  c_.parse_block_type(out);
  if (op == Opcode::try_table) catches(out);
  return frame;
}

void CodeParser::flat_instruction() {
  int hint = take_hint();
  Opcode op = find_mnemonic(c_.text());
  if (op == Opcode::invalid) return c_.unexpected();
  check_hint_target(hint, op);
  FrameKind kind = FrameKind::flat_block;
  switch (op) {
    case Opcode::if_: kind = FrameKind::flat_if; break;
    case Opcode::try_: kind = FrameKind::flat_try; break;
    case Opcode::block:
    case Opcode::loop:
    case Opcode::try_table: break;
    case Opcode::end:
    case Opcode::else_:
    case Opcode::catch_:
    case Opcode::catch_all:
    case Opcode::delegate:
      if (frames_.empty()) return c_.unexpected();
      record_place(c_.peek().offset);
      c_.advance();
      if (op == Opcode::end) return flat_end(frames_.back());
      if (op == Opcode::else_) return flat_else(frames_.back());
      if (op == Opcode::delegate) return flat_delegate(frames_.back());
      return flat_catch(frames_.back(), op);
    default:
      record_hint(hint);
      record_place(c_.peek().offset);
      c_.advance();
      return plain_instruction(op, out_);
  }
  record_hint(hint);
  record_place(c_.peek().offset);
  c_.advance();
  Frame frame = block_header(op, kind, out_);
  push(frame);
  if (!c_.failed()) push_label(frame);
}

void CodeParser::flat_end(Frame& frame) {
  if (frame.kind > FrameKind::flat_catch_all) return c_.fail("unexpected token end");
  expect_label_matches(frame.label);
  out_.push_back(static_cast<uint8_t>(info(Opcode::end).code));
  pop_label();
  frames_.pop_back();
}

void CodeParser::flat_else(Frame& frame) {
  if (frame.kind != FrameKind::flat_if) return c_.fail("unexpected token else");
  expect_label_matches(frame.label);
  write_opcode(out_, Opcode::else_);
  frame.kind = FrameKind::flat_else;
}

void CodeParser::flat_catch(Frame& frame, Opcode op) {
  if (frame.kind != FrameKind::flat_try && frame.kind != FrameKind::flat_catch)
    return c_.fail("unexpected token " + std::string(info(op).mnemonic));
  write_opcode(out_, op);
  if (op == Opcode::catch_) write_uleb(out_, c_.resolve(Space::tag));
  frame.kind = op == Opcode::catch_ ? FrameKind::flat_catch : FrameKind::flat_catch_all;
}

// The label of a delegate counts from outside its try.
void CodeParser::flat_delegate(Frame& frame) {
  if (frame.kind != FrameKind::flat_try) return c_.fail("unexpected token delegate");
  pop_label();
  frames_.pop_back();
  write_opcode(out_, Opcode::delegate);
  write_uleb(out_, resolve_label());
}

// --- Folded instructions ---

// At "(".
void CodeParser::open_form() {
  if (!frames_.empty() && frames_.back().kind == FrameKind::folded_try) return open_try_arm();
  if (!frames_.empty() && frames_.back().kind == FrameKind::folded_if &&
      (frames_.back().stage != kStart || c_.at_form("then")))
    return open_if_arm();

  int hint = take_hint();
  c_.advance();
  Opcode op = c_.kind() == TokenKind::keyword ? find_mnemonic(c_.text()) : Opcode::invalid;
  check_hint_target(hint, op);
  switch (op) {
    case Opcode::invalid:
    case Opcode::end:
    case Opcode::else_:
    case Opcode::catch_:
    case Opcode::catch_all:
    case Opcode::delegate: return c_.unexpected();
    case Opcode::block:
    case Opcode::loop:
    case Opcode::try_table:
    case Opcode::try_: {
      record_place(c_.peek().offset);
      c_.advance();
      record_hint(hint);
      Frame frame = block_header(op, op == Opcode::try_ ? FrameKind::folded_try : FrameKind::folded_block, out_);
      push(frame);
      if (!c_.failed()) push_label(frame);
      return;
    }
    default: {
      const uint32_t source = c_.peek().offset;
      c_.advance();
      auto start = static_cast<uint32_t>(pending_.size());
      Frame frame{.kind = FrameKind::folded_plain};
      if (op == Opcode::if_) {
        frame = block_header(op, FrameKind::folded_if, pending_);
      } else {
        plain_instruction(op, pending_);
      }
      frame.pending_start = start;
      frame.hint = hint;
      frame.source = source;
      return push(frame);
    }
  }
}

void CodeParser::open_if_arm() {
  Frame& frame = frames_.back();
  if (frame.stage == kStart) {
    c_.expect_form("then");
    record_hint(frame.hint);
    record_place(frame.source);
    out_.insert(out_.end(), pending_.begin() + frame.pending_start, pending_.end());
    pending_.resize(frame.pending_start);
    frame.stage = kFirstArm;
    push_label(frame);
  } else if (frame.stage == kFirstArm && c_.take_form("else")) {
    frame.stage = kLastArm;
    record_place(c_.peek().offset);
    write_opcode(out_, Opcode::else_);
  } else {
    return c_.unexpected();
  }
  push({.kind = FrameKind::folded_arm});
}

void CodeParser::open_try_arm() {
  Frame& frame = frames_.back();
  if (frame.stage == kStart) {
    c_.expect_form("do");
    frame.stage = kFirstArm;
  } else if (frame.stage != kFirstArm) {
    return c_.unexpected();
  } else if (c_.take_form("catch")) {
    write_opcode(out_, Opcode::catch_);
    write_uleb(out_, c_.resolve(Space::tag));
    frame.hint = 0;  // marks that a catch was seen: no delegate after it
  } else if (c_.take_form("catch_all")) {
    write_opcode(out_, Opcode::catch_all);
    frame.stage = kLastArm;
  } else if (frame.hint < 0 && c_.take_form("delegate")) {
    pop_label();
    frame.stage = kDelegated;
    write_opcode(out_, Opcode::delegate);
    write_uleb(out_, resolve_label());
    return c_.expect_rparen();
  } else {
    return c_.unexpected();
  }
  push({.kind = FrameKind::folded_arm});
}

// At ")".
void CodeParser::close_form() {
  const Frame& frame = frames_.back();
  bool ends_block = false;
  switch (frame.kind) {
    case FrameKind::folded_plain:
      record_hint(frame.hint);
      record_place(frame.source);
      out_.insert(out_.end(), pending_.begin() + frame.pending_start, pending_.end());
      pending_.resize(frame.pending_start);
      break;
    case FrameKind::folded_block: ends_block = true; break;
    case FrameKind::folded_arm: break;
    case FrameKind::folded_if:
    case FrameKind::folded_try:
      if (frame.stage == kStart) return c_.unexpected();
      ends_block = frame.stage != kDelegated;
      break;
    default: return c_.unexpected();  // a flat block without its end
  }
  if (ends_block) {
    record_place(c_.peek().offset);
    out_.push_back(static_cast<uint8_t>(info(Opcode::end).code));
    pop_label();
  }
  frames_.pop_back();
  c_.advance();
}

}  // namespace arris::text
