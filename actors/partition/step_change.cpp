#include "actors/partition/step_change.hpp"

#include "storage/typed_value.hpp"

namespace present {

result<std::string> changed_by(const number_step& what, std::optional<std::string_view> there) {
  switch (what.how) {
    case number_change::add:
      return storage::with_added(there, what.operand);
    case number_change::min:
      return storage::with_least(there, what.operand);
    case number_change::max:
      return storage::with_greatest(there, what.operand);
  }
  return make_error(error_code::invalid, "an arithmetic that isn't known");
}

result<std::string> changed_by(const element_step& what, std::optional<std::string_view> there) {
  switch (what.how) {
    case element_change::append:
      return storage::with_appended(there, what.element);
    case element_change::insert:
      return storage::with_inserted(there, what.element);
    case element_change::take_out:
      return storage::without_element(there, what.element);
  }
  return make_error(error_code::invalid, "a change of elements that isn't known");
}

bool changes_nothing(const element_step& what, std::optional<std::string_view> there) {
  return what.how == element_change::take_out && !there;
}

} // namespace present
