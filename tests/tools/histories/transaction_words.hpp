#pragma once

#include "tools/histories/transaction_judge.hpp"

#include <sstream>
#include <string>

/// Transactions in few words: "x+1 y=2,3 z=" appends 1 to x, reads y and finds
/// 2 and 3, reads z and finds nothing.
namespace present::histories {

inline list_action action_of(const std::string& word) {
  const auto sign = word.find_first_of("+=");
  const auto key = word.substr(0, sign);
  const auto rest = word.substr(sign + 1);
  if (word[sign] == '+')
    return append_value{key, std::stoll(rest)};
  read_list read{key, {}};
  std::istringstream values{rest};
  for (std::string value; std::getline(values, value, ',');)
    read.found.push_back(std::stoll(value));
  return read;
}

inline transaction did(const std::string& words, std::uint64_t called,
                       std::uint64_t returned, ending how = ending::committed,
                       std::uint32_t process = 0) {
  transaction made{process, {}, how, called, returned};
  std::istringstream text{words};
  for (std::string word; text >> word;)
    made.actions.push_back(action_of(word));
  return made;
}

/// It provably had no effect.
inline transaction gave_up(const std::string& words, std::uint64_t called,
                           std::uint64_t returned) {
  return did(words, called, returned, ending::aborted);
}

/// Its outcome is unknown.
inline transaction vanished(const std::string& words, std::uint64_t called) {
  return did(words, called, 0, ending::unknown);
}

} // namespace present::histories
