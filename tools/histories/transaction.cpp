#include "tools/histories/transaction.hpp"

#include "runtime/base/overloaded.hpp"

#include <string_view>

namespace present::histories {

std::string_view to_string(ending how) {
  switch (how) {
    case ending::committed:
      return "committed";
    case ending::aborted:
      return "aborted";
    default:
      return "unknown";
  }
}

const std::string& key_of(const list_action& what) {
  return std::visit(
      [](const auto& one) -> const std::string& { return one.key; }, what);
}

std::string in_words(const std::vector<std::int64_t>& list) {
  constexpr std::size_t shown = 8;
  const auto first = list.size() > shown ? list.size() - shown : 0;
  std::string text = first > 0 ? "[… " : "[";
  for (auto place = first; place < list.size(); ++place)
    text += (place == first ? "" : " ") + std::to_string(list[place]);
  text += ']';
  return first > 0 ? text + " (" + std::to_string(list.size()) + " values)"
                   : text;
}

std::string describe(const transaction& one) {
  auto text = "process " + std::to_string(one.process);
  const char* comma = " ";
  for (const auto& what : one.actions) {
    text += comma
          + std::visit(overloaded{[](const append_value& more) {
                                    return "appends "
                                         + std::to_string(more.value) + " to "
                                         + more.key;
                                  },
                                  [&](const read_list& read) {
                                    return "reads " + read.key
                                         + (one.how == ending::committed
                                                ? ' ' + in_words(read.found)
                                                : "");
                                  }},
                       what);
    comma = ", ";
  }
  if (one.actions.empty())
    text += " does nothing";
  text += "; called " + std::to_string(one.called);
  if (one.how == ending::unknown)
    return text + ", outcome unknown";
  return text + (one.how == ending::aborted ? ", aborted " : ", returned ")
       + std::to_string(one.returned);
}

} // namespace present::histories
