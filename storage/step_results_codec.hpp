#pragma once

#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"
#include "storage/record.hpp"

/// Results of a transaction's steps in messages of any schema that has them in the
/// shape of record.capnp's. Included by `*_codec.cpp` files only.
namespace present::storage {

/// `rows` of `to` from those of `from`.
template <class Rows>
void encode_result_rows(const std::vector<result_row>& from, Rows to) {
  for (unsigned place = 0; place < from.size(); ++place) {
    to[place].setKey(schema::data_of(from[place].key));
    to[place].setVersion(from[place].version.value);
    to[place].setHasValue(from[place].value != nullptr);
    if (from[place].value)
      to[place].setValue(schema::data_of(from[place].value));
  }
}

/// `to.initSteps`, `to.setHasSteps`.
template <class Builder>
void encode_results(const step_results& from, Builder to) {
  if (!from)
    return;
  to.setHasSteps(true);
  auto steps = to.initSteps(static_cast<unsigned>(from->size()));
  for (unsigned place = 0; place < from->size(); ++place) {
    const auto& each = (*from)[place];
    steps[place].setCode(static_cast<std::uint16_t>(each.code));
    steps[place].setVersion(each.version.value);
    steps[place].setMore(each.more);
    steps[place].setHasValue(each.value != nullptr);
    if (each.value)
      steps[place].setValue(schema::data_of(each.value));
    if (!each.rows.empty())
      encode_result_rows(each.rows,
                         steps[place].initRows(static_cast<unsigned>(each.rows.size())));
  }
}

template <class Reader>
step_results decode_results(Reader from) {
  if (!from.getHasSteps())
    return nullptr;
  std::vector<step_result> all;
  for (const auto each : schema::honest(from.getSteps())) {
    step_result one;
    one.code = static_cast<error_code>(each.getCode());
    one.version = {each.getVersion()};
    one.more = each.getMore();
    if (each.getHasValue())
      one.value = schema::bytes_of(each.getValue());
    for (const auto row : schema::honest(each.getRows()))
      one.rows.push_back({schema::string_of(row.getKey()),
                          {row.getVersion()},
                          row.getHasValue() ? schema::bytes_of(row.getValue()) : nullptr});
    all.push_back(std::move(one));
  }
  return std::make_shared<const std::vector<step_result>>(std::move(all));
}

} // namespace present::storage
