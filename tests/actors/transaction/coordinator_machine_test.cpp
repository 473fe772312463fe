#include "actors/transaction/coordinator_machine.hpp"
#include "tests/actors/partition/transactions.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::transaction;
using namespace present::partition::test;

namespace {

const anchor home{things, "home"};
const anchor left{things, "left"};
constexpr leadership first_lead{{1}, {3}};

begun transfer() {
  begun what;
  what.asked = write(7, 1, transact{});
  what.terms = {{{7}, {1}}, home, {5}, {1'000}};
  what.home_part = doing({put_in("home", "h")});
  what.home_places = {{0}, {}};
  what.others = {{left, doing({put_in("left", "l")}), {{1}, {}}}};
  return what;
}

answer ok(hlc_stamp version) {
  answer said;
  said.version = version;
  return said;
}
answer refused(error_code code) {
  answer said;
  said.code = code;
  said.known = traits_of(code).known_outcome;
  return said;
}

/// The test plays the partitions.
class node_under_test {
public:
  void hear(coordinator_event_kind what) {
    coordinator_effects out;
    machine.step({now, std::move(what)}, out);
    for (auto& each : out)
      std::visit([this](auto& e) { note(e); }, each);
  }
  void begin(leadership from = first_lead, std::uint64_t tag = 1) {
    hear(to_coordinate{from, transfer(), {tag, 0}});
  }
  ask_home take_home() {
    REQUIRE_FALSE(of_home.empty());
    auto first = of_home.front();
    of_home.erase(of_home.begin());
    return first;
  }
  ask_cluster take_far() {
    REQUIRE_FALSE(of_others.empty());
    auto first = of_others.front();
    of_others.erase(of_others.begin());
    return first;
  }

  time_ms now = 1'000;
  coordinator_machine machine{settings{}};
  std::vector<ask_home> of_home;
  std::vector<ask_cluster> of_others;
  std::vector<tell_asker> told;

private:
  void note(const ask_home& what) { of_home.push_back(what); }
  void note(const ask_cluster& what) { of_others.push_back(what); }
  void note(const tell_asker& what) { told.push_back(what); }
};

} // namespace

TEST_CASE("others are asked by a key of theirs, home by its leadership (P7, P16)") {
  node_under_test node;
  node.begin();
  const auto prepares = node.take_far();
  CHECK(prepares.where == left);
  CHECK(std::holds_alternative<prepare>(prepares.what.what));
  CHECK(node.of_home.empty());
  node.hear(asked_answered{prepares.ticket, ok({20})});
  const auto decides = node.take_home();
  CHECK(decides.whom == first_lead);
  CHECK(decides.what.id == operation_id{{7}, {1}});
  CHECK(std::get<decide>(decides.what.what).others.front().stamp == hlc_stamp{20});
  CHECK(node.told.empty());
  node.hear(asked_answered{decides.ticket, ok({30})});
  REQUIRE(node.told.size() == 1);
  CHECK(node.told[0].what.version == hlc_stamp{30});
  const auto resolves = node.take_far();
  CHECK(std::get<resolve>(resolves.what.what).stamp == hlc_stamp{30});
  node.hear(asked_answered{resolves.ticket, ok({30})});
  const auto forgets = node.take_home();
  CHECK(std::get<forget>(forgets.what.what).where == left);
  node.hear(asked_answered{forgets.ticket, ok({31})});
  CHECK(node.machine.runs() == 0);
  CHECK_FALSE(node.machine.next_wake());
}

TEST_CASE("who asks for the same again waits for the same run, or hears what it came to") {
  node_under_test node;
  node.begin(first_lead, 1);
  node.begin(first_lead, 2);
  CHECK(node.of_others.size() == 1);
  node.hear(asked_answered{node.take_far().ticket, ok({20})});
  node.hear(asked_answered{node.take_home().ticket, ok({30})});
  REQUIRE(node.told.size() == 2);
  CHECK(node.told[1].who.tag == 2);
  node.begin(first_lead, 3);
  REQUIRE(node.told.size() == 3);
  CHECK(node.told[2].what.version == hlc_stamp{30});
}

TEST_CASE("a leadership that has ended decides nothing any more: its runs are given up (P16)") {
  node_under_test node;
  node.begin();
  node.hear(asked_answered{node.take_far().ticket, ok({20})});
  node.hear(asked_answered{node.take_home().ticket, refused(error_code::not_leader)});
  CHECK(node.told.empty());
  CHECK(node.machine.runs() == 0);
  CHECK_FALSE(node.machine.next_wake());
}

TEST_CASE("with a leadership go its runs, which could decide nothing any more, and no others (P16)") {
  node_under_test node;
  node.begin();
  const auto open = node.take_far();
  node.hear(to_coordinate{{{2}, {8}}, doubt{transfer().terms, left}, {}});
  node.hear(leadership_over{{{1}, {2}}}); // an earlier one
  node.hear(leadership_over{{{2}, {7}}});
  CHECK(node.machine.runs() == 2);
  node.hear(leadership_over{first_lead});
  CHECK(node.machine.runs() == 1);
  node.hear(asked_answered{open.ticket, ok({20})});
  CHECK(node.of_home.empty());
  CHECK(node.told.empty());
}

TEST_CASE("the next leadership of the same partition begins anew, and the old answers are nobody's") {
  node_under_test node;
  node.begin();
  const auto old = node.take_far();
  node.begin({{1}, {4}}, 2);
  CHECK(node.machine.runs() == 1);
  node.hear(asked_answered{old.ticket, ok({20})});
  CHECK(node.of_home.empty());
  node.hear(asked_answered{node.take_far().ticket, ok({20})});
  CHECK(node.take_home().whom.at_term == term{4});
}

TEST_CASE("with a partition's actor go its runs, and no others") {
  node_under_test node;
  node.begin();
  node.hear(to_coordinate{{{2}, {8}}, doubt{transfer().terms, left}, {}});
  CHECK(node.machine.runs() == 2);
  node.hear(partition_gone{{1}});
  CHECK(node.machine.runs() == 1);
}

TEST_CASE("a lock that was left is pushed at its home, and resolved here (P8)") {
  node_under_test node;
  node.hear(to_coordinate{{{2}, {8}}, doubt{transfer().terms, left}, {}});
  const auto pushes = node.take_far();
  CHECK(pushes.where == home);
  auto aborted = ok({40});
  aborted.otherwise = true;
  node.hear(asked_answered{pushes.ticket, aborted});
  const auto resolves = node.take_home();
  CHECK(resolves.whom == leadership{{2}, {8}});
  CHECK_FALSE(std::get<resolve>(resolves.what.what).committed);
  node.hear(asked_answered{resolves.ticket, ok({41})});
  CHECK(node.machine.runs() == 0);
}

TEST_CASE("what is lost is asked again after a pause") {
  node_under_test node;
  node.begin();
  node.hear(asked_lost{node.take_far().ticket});
  CHECK(node.of_others.empty());
  REQUIRE(node.machine.next_wake());
  node.now = *node.machine.next_wake();
  node.hear(time_passed{});
  CHECK(std::holds_alternative<prepare>(node.take_far().what.what));
}
