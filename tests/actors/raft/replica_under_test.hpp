#pragma once

#include "actors/raft/raft_machine.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// One machine, its effects sorted by kind, and short names for what a test says
/// to it. The disk does nothing until the test says `flush()`.
namespace present::raft {

inline node_id node(std::uint32_t number) { return node_id{number}; }

inline configuration voters(std::initializer_list<std::uint32_t> numbers) {
  configuration members;
  for (const auto number : numbers)
    members.voters.push_back(node(number));
  return members;
}

inline entry command(std::uint64_t index, std::uint64_t at_term,
                     const std::string& text = "x") {
  return {.at_term = term{at_term},
          .index = log_index{index},
          .kind = entry_kind::command,
          .payload = std::make_shared<const std::string>(text)};
}

inline append_request append(std::uint64_t previous_index,
                             std::uint64_t previous_term, std::uint64_t commit,
                             std::vector<entry> entries = {},
                             std::uint64_t round = 0) {
  return {log_index{previous_index}, term{previous_term}, log_index{commit},
          std::move(entries), round, false};
}

class replica_under_test {
public:
  explicit replica_under_test(recovered_state found = with_voters({1, 2, 3}),
                              raft_settings settings = {},
                              store_id store = {})
    : machine_(node(1), store, settings, found, 0) {}

  static recovered_state with_voters(std::initializer_list<std::uint32_t> all) {
    recovered_state found;
    found.snapshot.members = voters(all);
    return found;
  }

  template <class Event>
  void tell(Event what) {
    last_ = machine_.step({now_, std::move(what)});
    for (const auto& item : last_)
      if (const auto* write = std::get_if<persist>(&item))
        written_ = write->number;
  }

  void hear(std::uint32_t from, std::uint64_t at_term, body content) {
    tell(received{{node(from), node(1), {}, term{at_term}, std::move(content)}});
  }

  void flush() { tell(persisted{written_}); }

  void pass(time_ms duration) {
    now_ += duration;
    tell(time_passed{});
  }

  /// Advances to the machine's own alarm.
  void wake() {
    REQUIRE(machine_.next_wake().has_value());
    now_ = std::max(now_, *machine_.next_wake());
    tell(time_passed{});
  }

  /// Through pre-vote and vote, with node 2's help, in `at_term`; the empty
  /// entry is written and acknowledged by node 2.
  void lead(std::uint64_t at_term = 1) {
    wake();
    hear(2, at_term, vote_reply{true, true});
    flush();
    hear(2, at_term, vote_reply{false, true});
    REQUIRE(machine_.role() == role_kind::leader);
    flush();
    acknowledge(2, at_term, machine_.log().last().value);
    REQUIRE(machine_.commit() == machine_.log().last());
    tell(applied{machine_.commit()});
  }

  void acknowledge(std::uint32_t from, std::uint64_t at_term,
                   std::uint64_t matched, std::uint64_t round = 0) {
    append_reply answer;
    answer.accepted = true;
    answer.matched = log_index{matched};
    answer.round = round;
    hear(from, at_term, answer);
  }

  /// Of the last step.
  template <class Kind>
  std::vector<Kind> effects_of() const {
    std::vector<Kind> found;
    for (const auto& item : last_)
      if (const auto* one = std::get_if<Kind>(&item))
        found.push_back(*one);
    return found;
  }

  /// Messages of one kind that left in the last step.
  template <class Body>
  std::vector<std::pair<message, Body>> sent() const {
    std::vector<std::pair<message, Body>> found;
    for (const auto& item : effects_of<send>())
      if (const auto* content = std::get_if<Body>(&item.what.content))
        found.push_back({item.what, *content});
    return found;
  }

  raft_machine& machine() { return machine_; }
  time_ms now() const { return now_; }

private:
  raft_machine machine_;
  effects last_;
  std::uint64_t written_ = 0;
  time_ms now_ = 0;
};

} // namespace present::raft
