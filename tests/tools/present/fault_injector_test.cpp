#include "tests/tools/present/this_process_as_cluster.hpp"
#include "tools/present/fault_injector.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

struct log {
  std::vector<std::string> lines;
  bool refuses = false;
  bool has_effect = true;
};

class noted_fault final : public fault {
public:
  explicit noted_fault(log& into) : log_(into) {}

  result<std::string> inject(const fault_order&, const fault_scene& scene) override {
    if (log_.refuses)
      return make_error(error_code::invalid, "not today");
    log_.lines.push_back("inject " + std::to_string(scene.victim.value));
    return std::string{"done"};
  }
  bool heal() override {
    log_.lines.push_back("heal");
    return log_.has_effect;
  }

private:
  log& log_;
};

fault_set only(log& into) {
  fault_set made;
  made[fault_kind::pause] = std::make_unique<noted_fault>(into);
  return made;
}

} // namespace

TEST_CASE("faults come when they are due, one at a time, and are counted by their effect") {
  const this_process_as_cluster cluster{3};
  log seen;
  fault_injector injector{{{fault_kind::pause}, 1}, only(seen),
                          {cluster.data(), [] { return std::vector{node_id{2}}; }}, 1000};
  CHECK(injector.tick(1000) == "");
  for (int round = 0; round < 20; ++round) {
    CHECK(injector.tick(injector.next_due()) == "pause: done");
    CHECK(injector.tick(injector.next_due() - 1) == "");
    seen.has_effect = round % 2 == 0;
    CHECK(injector.tick(injector.next_due()) == "pause is over");
  }
  CHECK(injector.counts().at("pause").injected == 20);
  CHECK(injector.counts().at("pause").effective == 10);
  CHECK(seen.lines.size() == 40);
  // Two in three at the leader.
  CHECK(std::count(seen.lines.begin(), seen.lines.end(), "inject 2") >= 10);
}

TEST_CASE("what is held at the end is healed") {
  const this_process_as_cluster cluster{3};
  log seen;
  {
    fault_injector injector{{{fault_kind::pause}, 1}, only(seen),
                            {cluster.data(), [] { return std::vector<node_id>{}; }}, 0};
    injector.tick(injector.next_due());
    CHECK(seen.lines.size() == 1);
  }
  CHECK(seen.lines.back() == "heal");
}

TEST_CASE("a fault that can't be done is said, not counted, and tried again") {
  const this_process_as_cluster cluster{3};
  log seen;
  seen.refuses = true;
  fault_injector injector{{{fault_kind::pause}, 1}, only(seen),
                          {cluster.data(), [] { return std::vector{node_id{1}}; }}, 0};
  const auto due = injector.next_due();
  CHECK(injector.tick(due) == "no pause: not today");
  CHECK(injector.next_due() > due);
  seen.refuses = false;
  CHECK(injector.tick(injector.next_due()) == "pause: done");
  CHECK(injector.counts().at("pause").injected == 1);
}

TEST_CASE("without a cluster, or with all its nodes gone, it says so") {
  log seen;
  fault_injector nowhere{{{fault_kind::pause}, 1}, only(seen),
                         {"/nonexistent", [] { return std::vector<node_id>{}; }}, 0};
  CHECK(nowhere.tick(nowhere.next_due()).substr(0, 10) == "no pause: ");
  const this_process_as_cluster empty{0};
  fault_injector nobody{{{fault_kind::pause}, 1}, only(seen),
                        {empty.data(), [] { return std::vector<node_id>{}; }}, 0};
  CHECK(nobody.tick(nobody.next_due()) == "no pause: no node of the cluster runs here");
}
