#include "tools/histories/operation.hpp"

#include "runtime/base/overloaded.hpp"

namespace present::histories {

namespace {

std::string in_words(const std::optional<std::string>& value) {
  return value ? '\'' + *value + '\'' : "nothing";
}

std::string list_of(const std::vector<std::string>& members) {
  constexpr std::size_t shown = 8;
  std::string text = std::to_string(members.size()) + " members";
  for (std::size_t place = 0; place < members.size() && place < shown; ++place)
    text += (place == 0 ? ": " : ", ") + members[place];
  return text + (members.size() > shown ? ", …" : "");
}

} // namespace

key_kind kind_of(const action& what) {
  return std::visit(
    overloaded{[](const get&) { return key_kind::single_value; },
               [](const put&) { return key_kind::single_value; },
               [](const cas&) { return key_kind::single_value; },
               [](const add_amount&) { return key_kind::counter; },
               [](const read_total&) { return key_kind::counter; },
               [](const add_member&) { return key_kind::set; },
               [](const read_members&) { return key_kind::set; }},
    what);
}

bool is_read(const action& what) {
  return std::holds_alternative<get>(what) || std::holds_alternative<read_total>(what)
         || std::holds_alternative<read_members>(what);
}

std::string describe(const operation& one) {
  const auto known = one.returned.has_value();
  auto text = std::visit(
    overloaded{
      [&](const get& read) { return "gets " + in_words(read.found); },
      [&](const put& write) { return "puts " + in_words(write.value); },
      [&](const cas& swap) {
        return "sets " + in_words(swap.expected) + " to " + in_words(swap.value)
               + (!known ? "" : swap.wrote ? "" : ": it isn't there");
      },
      [&](const add_amount& more) {
        return "adds " + std::to_string(more.amount)
               + (more.total ? ", total " + std::to_string(*more.total) : "");
      },
      [&](const read_total& read) { return "reads total " + std::to_string(read.total); },
      [&](const add_member& more) { return "adds member " + more.member; },
      [&](const read_members& read) { return "reads " + list_of(read.members); }},
    one.what);
  return "client " + std::to_string(one.client) + ' ' + text + ", called "
         + std::to_string(one.called) + ", "
         + (known ? "returned " + std::to_string(*one.returned) : "outcome unknown");
}

} // namespace present::histories
