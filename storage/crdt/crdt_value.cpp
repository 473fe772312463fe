#include "storage/crdt/crdt_value.hpp"

#include <array>
#include <string>

namespace present::crdt {

std::string_view to_string(value_kind what) {
  constexpr std::array<std::string_view, std::variant_size_v<crdt_value>> names{
    "g-counter", "pn-counter", "lww-register", "mv-register", "or-set", "or-map"};
  return names[static_cast<std::size_t>(what)];
}

crdt_value empty_value(value_kind what) {
  switch (what) {
    case value_kind::g_counter:
      return g_counter{};
    case value_kind::pn_counter:
      return pn_counter{};
    case value_kind::lww_register:
      return lww_register{};
    case value_kind::mv_register:
      return mv_register{};
    case value_kind::or_set:
      return or_set{};
    default:
      return or_map{};
  }
}

status join(crdt_value& mine, const crdt_value& other) {
  if (mine.index() != other.index())
    return make_error(error_code::invalid,
                      "a value of kind " + std::string{to_string(kind_of(mine))}
                        + " can't be joined with one of kind "
                        + std::string{to_string(kind_of(other))});
  std::visit(
    [&]<class Value>(Value& value) { value.join(std::get<Value>(other)); }, mine);
  return success();
}

} // namespace present::crdt
