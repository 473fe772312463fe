#include "runtime/supervision/restart_machine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

using namespace present;
using namespace present::supervision;

namespace {

std::string say(const restart::effect& effect) {
  struct {
    std::string operator()(const restart::start& e) { return "start " + e.id; }
    std::string operator()(const restart::stop& e) { return "stop " + e.id; }
    std::string operator()(const restart::kill& e) { return "kill " + e.id; }
    std::string operator()(const restart::abandon& e) {
      return "abandon " + e.id;
    }
    std::string operator()(const restart::forget& e) {
      return "forget " + e.id;
    }
    std::string operator()(const restart::stopped&) { return "stopped"; }
    std::string operator()(const restart::escalate&) { return "escalate"; }
  } in_words;
  return std::visit(in_words, effect);
}

/// Drives a machine and says what it asked for: "start a, stop b".
struct drive {
  restart_machine machine;
  time_ms now = 1000;

  std::string operator()(restart::event_kind what) {
    std::string line;
    for (const auto& effect : machine.step({now, std::move(what)}))
      line += (line.empty() ? "" : ", ") + say(effect);
    return line;
  }
  std::string started(const std::string& id) {
    return (*this)(restart::child_started{id});
  }
  std::string crashed(const std::string& id) {
    return (*this)(
      restart::child_stopped{id, stop_reason::error, "out of luck"});
  }
  std::string ended(const std::string& id) {
    return (*this)(restart::child_stopped{id, stop_reason::normal, ""});
  }
  std::string at(time_ms when) {
    now = when;
    return (*this)(restart::time_passed{});
  }
  void start_all() {
    (*this)(restart::start_requested{});
    for (const auto& id : machine.children())
      started(id);
  }
};

drive abc(strategy how, supervisor_rules rules = {}) {
  rules.how = how;
  return {restart_machine(rules, {{"a"}, {"b"}, {"c"}})};
}

} // namespace

TEST_CASE("children start left to right, each after the one before is ready") {
  auto to = abc(strategy::one_for_one);
  CHECK(to(restart::start_requested{}) == "start a");
  CHECK_FALSE(to.machine.settled());
  CHECK(to.started("a") == "start b");
  CHECK(to.started("b") == "start c");
  CHECK(to.started("c") == "");
  CHECK(to.machine.settled());
}

TEST_CASE("at the end children stop right to left, one at a time") {
  for (const auto how : {strategy::one_for_one, strategy::rest_for_one,
                         strategy::one_for_all}) {
    auto to = abc(how);
    to.start_all();
    CHECK(to(restart::stop_requested{}) == "stop c");
    CHECK(to.ended("c") == "stop b");
    CHECK(to.ended("b") == "stop a");
    CHECK(to.ended("a") == "stopped");
    CHECK(to(restart::start_requested{}) == "");
  }
}

TEST_CASE("a supervisor without children, or not yet begun, stops at once") {
  drive empty{restart_machine({}, {})};
  CHECK(empty(restart::start_requested{}) == "");
  CHECK(empty(restart::stop_requested{}) == "stopped");
  auto to = abc(strategy::one_for_one);
  CHECK(to(restart::stop_requested{}) == "stopped");
}

TEST_CASE("one for one: only the child that crashed starts again") {
  auto to = abc(strategy::one_for_one);
  to.start_all();
  CHECK(to.crashed("b") == "start b");
  CHECK(to.started("b") == "");
}

TEST_CASE("rest for one: those after it stop right to left, then start again") {
  auto to = abc(strategy::rest_for_one);
  to.start_all();
  CHECK(to.crashed("a") == "stop c");
  CHECK(to.ended("c") == "stop b");
  CHECK(to.ended("b") == "start a");
  CHECK(to.started("a") == "start b");
  CHECK(to.started("b") == "start c");
  to.started("c");
  CHECK(to.crashed("c") == "start c");
}

TEST_CASE("one for all: the others stop right to left, then all start again") {
  auto to = abc(strategy::one_for_all);
  to.start_all();
  CHECK(to.crashed("b") == "stop c");
  CHECK(to.ended("c") == "stop a");
  CHECK(to.ended("a") == "start a");
  CHECK(to.started("a") == "start b");
  CHECK(to.started("b") == "start c");
}

TEST_CASE("a child that crashes while its group stops counts as stopped") {
  auto to = abc(strategy::one_for_all, {.intensity = 1});
  to.start_all();
  CHECK(to.crashed("b") == "stop c");
  CHECK(to.crashed("a") == ""); // not asked yet, but condemned
  CHECK(to.crashed("c") == "start a");
}

TEST_CASE("a child that fails while it starts is started again in its place") {
  auto to = abc(strategy::one_for_one);
  CHECK(to(restart::start_requested{}) == "start a");
  CHECK(to.crashed("a") == "start a");
  CHECK(to.started("a") == "start b");
}

TEST_CASE("permanent, transient and temporary differ in what starts again") {
  drive to{restart_machine({.intensity = 10},
                           {{"permanent", restart_kind::permanent},
                            {"transient", restart_kind::transient},
                            {"temporary", restart_kind::temporary}})};
  to.start_all();
  CHECK(to.ended("permanent") == "start permanent");
  to.started("permanent");
  CHECK(to.crashed("transient") == "start transient");
  to.started("transient");
  CHECK(to.ended("transient") == "");
  CHECK(to.machine.phase_of("transient") == restart_machine::child_phase::idle);
  CHECK(to.crashed("temporary") == "forget temporary");
  CHECK_FALSE(to.machine.has("temporary"));
  CHECK(to(restart::stop_requested{}) == "stop permanent");
  CHECK(to.ended("permanent") == "stopped");
}

TEST_CASE("one restart more than the intensity allows escalates") {
  auto to = abc(strategy::one_for_one, {.intensity = 2, .period_ms = 5000});
  to.start_all();
  CHECK(to.crashed("b") == "start b");
  CHECK(to.crashed("b") == "start b");
  CHECK(to.crashed("b") == "stop c");
  CHECK(to.ended("c") == "stop a");
  const auto effects = to.machine.step(
    {to.now, restart::child_stopped{"a", stop_reason::normal, ""}});
  REQUIRE(effects.size() == 1);
  const auto& last = std::get<restart::escalate>(effects.front());
  CHECK(last.reason
        == "child 'b' crashed; more than 2 restarts in 5000 ms: out of luck");
}

TEST_CASE("restarts that are counted for each child: all may fail at once, one not again "
          "and again") {
  auto to = abc(strategy::one_for_one,
                {.intensity = 2, .period_ms = 5000, .intensity_is_each_childs = true});
  to.start_all();
  CHECK(to(restart::add_child{{"d"}}) == "start d");
  to.started("d");
  for (int time = 0; time < 2; ++time)
    for (const std::string id : {"a", "b", "c", "d"}) {
      CHECK(to.crashed(id) == "start " + id);
      to.started(id);
    }
  to.now += 4999;
  auto sooner = to;
  CHECK(sooner.crashed("b") == "stop d"); // it gives up: in reverse order, one by one
  to.now += 1;
  CHECK(to.crashed("b") == "start b");
}

TEST_CASE("restarts older than the period no longer count") {
  auto to = abc(strategy::one_for_one, {.intensity = 1, .period_ms = 5000});
  to.start_all();
  CHECK(to.crashed("b") == "start b");
  to.now += 4999;
  auto sooner = to;
  CHECK(sooner.crashed("b") == "stop c");
  to.now += 1;
  CHECK(to.crashed("b") == "start b");
}

TEST_CASE("a child that doesn't stop is killed, then abandoned") {
  supervisor_rules rules{.abandon_ms = 300};
  drive to{restart_machine(rules, {{"a", restart_kind::permanent, 2000}})};
  to.start_all();
  CHECK(to(restart::stop_requested{}) == "stop a");
  CHECK(to.machine.wakes_at() == 3000);
  CHECK(to.at(2999) == "");
  CHECK(to.at(3000) == "kill a");
  CHECK(to.machine.wakes_at() == 3300);
  CHECK(to.at(3300) == "abandon a, stopped");
}

TEST_CASE("a shutdown time of 0 kills at once, and for ever is never killed") {
  drive to{restart_machine({}, {{"a", restart_kind::permanent, wait_for_ever},
                                {"b", restart_kind::permanent, 0}})};
  to.start_all();
  CHECK(to(restart::stop_requested{}) == "kill b");
  CHECK(to.ended("b") == "stop a");
  CHECK_FALSE(to.machine.wakes_at());
}

TEST_CASE("the end of an abandoned child is not the end of its successor") {
  supervisor_rules rules{.how = strategy::one_for_all, .abandon_ms = 100};
  drive to{restart_machine(rules, {{"a"}, {"b", restart_kind::permanent, 0}})};
  to.start_all();
  CHECK(to.crashed("a") == "kill b");
  CHECK(to.at(1100) == "abandon b, start a");
  CHECK(to.ended("b") == "");
  CHECK(to.started("a") == "start b");
}

TEST_CASE("children may join and leave") {
  auto to = abc(strategy::one_for_one);
  to.start_all();
  CHECK(to(restart::add_child{{"d"}}) == "start d");
  to.started("d");
  CHECK(to(restart::remove_child{"b"}) == "stop b");
  CHECK(to.ended("b") == "forget b");
  CHECK(to(restart::add_child{{"b"}}) == "start b");
  CHECK(to.machine.children()
        == std::vector<std::string>{"a", "c", "d", "b"});
}

TEST_CASE("those that joined one for one stop together, before the others") {
  auto to = abc(strategy::one_for_one);
  to.start_all();
  for (const std::string id : {"d", "e"}) {
    to(restart::add_child{{id}});
    to.started(id);
  }
  CHECK(to(restart::stop_requested{}) == "stop d, stop e");
  CHECK(to.ended("d") == "");
  CHECK(to.ended("e") == "stop c");
}

TEST_CASE("in a group, a child that joins waits for those to its left") {
  auto to = abc(strategy::rest_for_one);
  CHECK(to(restart::start_requested{}) == "start a");
  CHECK(to(restart::add_child{{"d"}}) == "");
  CHECK(to.started("a") == "start b");
  CHECK(to.started("b") == "start c");
  CHECK(to.started("c") == "start d");
}

TEST_CASE("a child removed before its turn to start is never started") {
  auto to = abc(strategy::one_for_one);
  to(restart::start_requested{});
  CHECK(to(restart::remove_child{"b"}) == "forget b");
  CHECK(to.started("a") == "start c");
}

TEST_CASE("two children of one name are refused") {
  CHECK_THROWS(restart_machine({}, {{"a"}, {"a"}}));
}

namespace {

/// A world of children with wills of their own, that checks what the machine
/// promises from the outside: it keeps its own books.
class nemesis {
public:
  explicit nemesis(std::uint64_t seed) : random_(seed) {
    rules_.how = static_cast<strategy>(pick(3));
    rules_.intensity = pick(4);
    rules_.period_ms = 100 + pick(1000);
    rules_.intensity_is_each_childs = pick(2) == 1;
    rules_.abandon_ms = 1 + pick(100);
    std::vector<child_rules> children;
    for (std::uint32_t i = 0, count = pick(6); i < count; ++i)
      children.push_back(a_child());
    for (const auto& child : children)
      order_.push_back(child.id);
    machine_.emplace(rules_, std::move(children));
  }

  void run() {
    step(restart::start_requested{});
    for (int i = 0; i < 300 && !over_; ++i)
      act();
    step(restart::stop_requested{});
    // Everything ends, if only by being abandoned.
    for (int i = 0; i < 100'000 && !over_; ++i) {
      if (const auto due = machine_->wakes_at())
        now_ = std::max(now_, *due);
      else
        end_somebody();
      step(restart::time_passed{});
    }
    CHECK(over_);
  }

private:
  enum class life { starting, running };
  struct actor {
    life how = life::starting;
    bool asked = false;
  };

  std::uint32_t pick(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
  }

  child_rules a_child() {
    child_rules rules{"c" + std::to_string(names_++)};
    rules.restart = static_cast<restart_kind>(pick(3));
    constexpr std::uint32_t times[] = {0, 50, 500, wait_for_ever};
    rules.shutdown_ms = times[pick(4)];
    return rules;
  }

  std::string somebody() {
    auto who = alive_.begin();
    std::advance(who, pick(static_cast<std::uint32_t>(alive_.size())));
    return who->first;
  }

  void end_somebody() {
    if (alive_.empty())
      return;
    const auto id = somebody();
    alive_.erase(id);
    step(restart::child_stopped{id, stop_reason::normal, ""});
  }

  void act() {
    now_ += pick(40);
    switch (pick(8)) {
      case 0:
      case 1:
      case 2:
        for (auto& [id, who] : alive_)
          if (who.how == life::starting) {
            who.how = life::running;
            const auto ready = id;
            step(restart::child_started{ready});
            return;
          }
        return;
      case 3:
        if (!alive_.empty()) {
          const auto id = somebody();
          alive_.erase(id);
          step(restart::child_stopped{
            id, static_cast<stop_reason>(pick(3)), "bad luck"});
        }
        return;
      case 4: {
        const auto rules = a_child();
        if (!machine_->ending())
          order_.push_back(rules.id);
        step(restart::add_child{rules});
        return;
      }
      case 5:
        if (!order_.empty() && pick(3) == 0)
          step(restart::remove_child{
            order_[pick(static_cast<std::uint32_t>(order_.size()))]});
        return;
      default:
        for (const auto& [id, who] : alive_)
          if (who.asked) { // it obeys
            const auto gone = id;
            alive_.erase(gone);
            step(restart::child_stopped{gone, stop_reason::normal, ""});
            return;
          }
        step(restart::time_passed{});
    }
  }

  void step(restart::event_kind what) {
    const auto stops_before = std::holds_alternative<restart::remove_child>(what);
    for (const auto& effect : machine_->step({now_, std::move(what)})) {
      CHECK_FALSE(over_); // I5
      if (const auto* start = std::get_if<restart::start>(&effect))
        on_start(start->id);
      else if (const auto* stop = std::get_if<restart::stop>(&effect))
        on_ask(stop->id, stops_before);
      else if (const auto* kill = std::get_if<restart::kill>(&effect))
        on_ask(kill->id, stops_before);
      else if (const auto* gone = std::get_if<restart::abandon>(&effect))
        CHECK(alive_.erase(gone->id) == 1);
      else if (const auto* lost = std::get_if<restart::forget>(&effect))
        CHECK_FALSE(alive_.contains(lost->id));
      else
        on_over();
    }
  }

  void on_start(const std::string& id) {
    CHECK(alive_.emplace(id, actor{}).second); // I6
    if (rules_.how == strategy::one_for_one)
      return;
    // I1, I3: to its left nobody is on the way up, to its right nobody is left
    // of the former group.
    const auto mine = place(id);
    for (const auto& [other, who] : alive_) {
      if (place(other) < mine && !who.asked)
        CHECK(who.how == life::running);
    }
  }

  void on_ask(const std::string& id, bool removed) {
    REQUIRE(alive_.contains(id));
    const bool first = !alive_.at(id).asked;
    alive_.at(id).asked = true;
    if (!first || removed)
      return;
    if (rules_.how == strategy::one_for_one)
      return;
    // I2: those to its right are gone, or it isn't their turn to stop at all.
    for (const auto& [other, who] : alive_)
      CHECK((place(other) <= place(id) || !machine_->ending()
             || other == id));
  }

  void on_over() {
    over_ = true;
    CHECK(alive_.empty());
  }

  std::size_t place(const std::string& id) const {
    return static_cast<std::size_t>(
      std::find(order_.begin(), order_.end(), id) - order_.begin());
  }

  std::mt19937_64 random_;
  supervisor_rules rules_;
  std::optional<restart_machine> machine_;
  std::vector<std::string> order_;
  std::map<std::string, actor> alive_;
  time_ms now_ = 0;
  std::uint32_t names_ = 0;
  bool over_ = false;
};

} // namespace

TEST_CASE("whatever children do, order and ends hold") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    nemesis(seed).run();
  }
}

TEST_CASE("in a crash storm no period sees more restarts than the intensity") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    supervisor_rules rules;
    rules.intensity = 1 + random() % 5;
    rules.period_ms = 1 + random() % 2000;
    drive to{restart_machine(rules, {{"a"}, {"b"}})};
    to.start_all();
    std::vector<time_ms> restarts;
    while (!to.machine.ending()) {
      to.now += random() % (2 * rules.period_ms / rules.intensity);
      const std::string id = random() % 2 ? "a" : "b";
      if (to.crashed(id) != "start " + id)
        break;
      restarts.push_back(to.now);
      to.started(id);
      if (restarts.size() > 500)
        break;
    }
    for (std::size_t i = rules.intensity; i < restarts.size(); ++i)
      CHECK(restarts[i] - restarts[i - rules.intensity] >= rules.period_ms);
    if (to.machine.ending()) { // and it didn't give up sooner than it had to
      REQUIRE(restarts.size() >= rules.intensity);
      const auto first = restarts[restarts.size() - rules.intensity];
      CHECK(to.now - first < rules.period_ms);
    }
  }
}
