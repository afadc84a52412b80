// Which member function types which opcode: those whose signature column says "*". Private to the validator.
#pragma once

#include <array>

#include "decoder/validator/function_validator.h"

namespace arris::validator {

struct FunctionValidator::Handlers {
  using V = FunctionValidator;
  static consteval std::array<Handler, kOpcodeCount> make() {
    std::array<Handler, kOpcodeCount> table{};
    auto set = [&table](Handler handler, auto... ops) { ((table[static_cast<unsigned>(ops)] = handler), ...); };
    using enum Opcode;
    set(&V::on_unreachable, unreachable);
    set(&V::on_nop, nop);
    set(&V::on_block, block, loop);
    set(&V::on_if, if_);
    set(&V::on_else, else_);
    set(&V::on_end, end);
    set(&V::on_br, br);
    set(&V::on_br_if, br_if);
    set(&V::on_br_table, br_table);
    set(&V::on_return, return_);
    set(&V::on_call, call, return_call);
    set(&V::on_call_indirect, call_indirect, return_call_indirect);
    set(&V::on_call_ref, call_ref, return_call_ref);
    set(&V::on_throw, throw_);
    set(&V::on_throw_ref, throw_ref);
    set(&V::on_try_table, try_table);
    set(&V::on_try, try_);
    set(&V::on_catch, catch_, catch_all);
    set(&V::on_delegate, delegate);
    set(&V::on_rethrow, rethrow);
    set(&V::on_drop, drop);
    set(&V::on_select, select);
    set(&V::on_select_t, select_t);
    set(&V::on_global_get, global_get);
    set(&V::on_global_set, global_set);
    set(&V::on_memory_copy, memory_copy);
    set(&V::on_table_access, table_get, table_set, table_size, table_grow, table_fill);
    set(&V::on_table_bulk, table_init, table_copy);
    set(&V::on_ref_null, ref_null);
    set(&V::on_ref_is_null, ref_is_null);
    set(&V::on_ref_func, ref_func);
    set(&V::on_ref_eq, ref_eq);
    set(&V::on_ref_as_non_null, ref_as_non_null);
    set(&V::on_br_on_null, br_on_null);
    set(&V::on_br_on_non_null, br_on_non_null);
    set(&V::on_ref_test, ref_test, ref_test_null, ref_cast, ref_cast_null);
    set(&V::on_br_on_cast, br_on_cast, br_on_cast_fail);
    set(&V::on_convert, any_convert_extern, extern_convert_any);
    set(&V::on_i31, ref_i31, i31_get_s, i31_get_u);
    set(&V::on_struct_new, struct_new, struct_new_default);
    set(&V::on_struct_get, struct_get, struct_get_s, struct_get_u);
    set(&V::on_struct_set, struct_set);
    set(&V::on_array_new, array_new, array_new_default);
    set(&V::on_array_new_fixed, array_new_fixed);
    set(&V::on_array_new_segment, array_new_data, array_new_elem);
    set(&V::on_array_get, array_get, array_get_s, array_get_u);
    set(&V::on_array_set, array_set);
    set(&V::on_array_len, array_len);
    set(&V::on_array_fill, array_fill);
    set(&V::on_array_copy, array_copy);
    set(&V::on_array_init_segment, array_init_data, array_init_elem);
    return table;
  }
  static const std::array<Handler, kOpcodeCount> kTable;
};

}  // namespace arris::validator
