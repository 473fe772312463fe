#include "tools/present/armed_failpoint.hpp"

#include "actors/transaction/marks.hpp"
#include "runtime/base/parse_count.hpp"

#include <algorithm>
#include <array>
#include <csignal>

#include <unistd.h>

namespace present::tools {

namespace {

std::string known_points() {
  std::string all;
  for (const auto name : transaction::mark_names)
    all += (all.empty() ? "" : ", ") + std::string{name};
  return all;
}

} // namespace

result<std::unique_ptr<armed_failpoint>> armed_failpoint::arm(std::string_view wanted) {
  const auto colon = std::min(wanted.find(':'), wanted.size());
  const auto name = wanted.substr(0, colon);
  const auto times
    = colon == wanted.size() ? std::uint64_t{1} : parse_count(wanted.substr(colon + 1));
  const auto& names = transaction::mark_names;
  if (std::find(names.begin(), names.end(), name) == names.end())
    return make_error(error_code::invalid, "PRESENT_FAILPOINT: there is no point '"
                                             + std::string{name} + "'; there are "
                                             + known_points());
  if (times.value_or(0) == 0)
    return make_error(error_code::invalid,
                      "PRESENT_FAILPOINT: '" + std::string{wanted}
                        + "': after ':' comes at which time, a number from 1 on");
  return std::unique_ptr<armed_failpoint>(new armed_failpoint(std::string{name}, *times));
}

armed_failpoint::armed_failpoint(std::string name, std::uint64_t times)
    : name_(std::move(name)), left_(times) {
  failpoints::listening = this;
}

armed_failpoint::~armed_failpoint() {
  failpoints::listening = nullptr;
}

void armed_failpoint::on_reached(std::string_view name) {
  if (name == name_ && left_.fetch_sub(1) == 1)
    ::kill(::getpid(), SIGKILL);
}

} // namespace present::tools
