#include "actors/membership/placement.hpp"
#include "actors/partition/state_machine.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "storage/memory_state_backend.hpp"
#include "storage/typed_value.hpp"
#include "tests/actors/partition/operations.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <memory>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// A state machine that can be written back and built again from its disk.
class replayed {
public:
  explicit replayed(const session_limits& limits, partition_id id = {1})
      : limits_(limits), id_(id) {
    open();
  }

  std::vector<answer> apply(const entry_batch& batch) { return machine_->apply(batch); }

  void restart() {
    write_back();
    const auto frozen = table_->freeze({{++checkpoints_}, {1}, {}});
    RC_ASSERT(bool(frozen));
    RC_ASSERT(bool(disk_.write(**frozen)));
    table_->release_frozen();
    open();
  }
  void write_back() { machine_->write_back(); }

  /// All there is: values, spaces, sessions, the partition's own record.
  std::vector<storage::row> rows() const {
    return *table_->scan(storage::record_key{},
                         storage::record_key::end_of(storage::record_kind::value),
                         1'000'000);
  }
  const state_machine& machine() const { return *machine_; }

private:
  void open() {
    machine_.reset(); // it ends before its table
    table_ = std::make_unique<storage::state>(disk_);
    machine_ = std::make_unique<state_machine>(id_, limits_, *table_);
  }

  session_limits limits_;
  partition_id id_;
  storage::memory_state_backend disk_;
  std::unique_ptr<storage::state> table_;
  std::unique_ptr<state_machine> machine_;
  std::uint64_t checkpoints_ = 0;
};

template <class T>
T pick(std::initializer_list<T> from) {
  return *rc::gen::elementOf(std::vector<T>(from));
}

condition any_condition(hlc_stamp now) {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return if_absent{};
    case 1: // rarely the current one, but then it is
      return if_version{{now.value - *rc::gen::inRange<std::uint64_t>(0, 70'000)}};
    default:
      return always{};
  }
}

/// Mostly nothing; else near what is there.
write_context any_knowledge(hlc_stamp now) {
  write_context knows;
  const auto near = [&] {
    return hlc_stamp{now.value - *rc::gen::inRange<std::uint64_t>(0, 300'000)};
  };
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      knows.base = *rc::gen::arbitrary<bool>() ? hlc_stamp{} : near();
      break;
    case 1:
      knows.at = storage::authorship{near(), *rc::gen::inRange<std::uint64_t>(0, 3)};
      break;
    case 2:
      knows.after = near();
      break;
    default:
      break;
  }
  return knows;
}

storage::space_settings any_rules() {
  using storage::conflict_strategy;
  storage::space_settings space;
  space.conflicts.how = static_cast<conflict_strategy>(*rc::gen::inRange(0, 5));
  if (space.conflicts.how == conflict_strategy::merge)
    space.conflicts.merging = pick<std::string>({"union", "intersection", "crdt", "custom:x"});
  space.closes_after_ms = *rc::gen::inRange<std::uint64_t>(0, 3);
  return space;
}

/// Of sets and counters too, so that some can be merged.
bytes_ptr any_value(hlc_stamp now) {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return bytes(storage::encode_typed(
        storage::set_value{{"a", std::to_string(now.value % 7)}}));
    case 1:
      return bytes(crdt::encode_stored(*crdt::g_counter{}.add({now.value % 3}, 1)));
    default:
      return bytes(std::to_string(now.value));
  }
}

/// Few clients, numbers, keys and spaces, so that they meet; times around `now`,
/// so that some have expired and some lie far ahead.
operation any_operation(hlc_stamp now, bool at_root) {
  operation asked;
  asked.id = {{*rc::gen::inRange<std::uint64_t>(1, 6)},
              {*rc::gen::inRange<std::uint64_t>(1, 20)}};
  asked.acked_below = {*rc::gen::inRange<std::uint64_t>(0, 20)};
  asked.retry_until
    = hlc_stamp::of(now.wall_ms() - 2 + *rc::gen::inRange<std::uint64_t>(0, 30), 0);
  const auto key = "k" + std::to_string(*rc::gen::inRange(0, 8));
  const space_id space{*rc::gen::inRange<std::uint32_t>(1, 4)};
  const auto name = pick<std::string>({"a", "b", "c", "not a name"});
  const node_id node{*rc::gen::inRange<std::uint32_t>(1, 6)};
  switch (*rc::gen::inRange(0, 6) + (at_root ? 0 : 6)) {
    case 0:
      asked.what = create_space{name, *rc::gen::inRange<std::uint32_t>(0, 5)};
      break;
    case 1:
      asked.what = drop_space{name};
      break;
    case 2:
      asked.what = add_node{node, {*rc::gen::inRange<std::uint64_t>(1, 3)},
                            "address-" + std::to_string(node.value), ""};
      break;
    case 3:
      asked.what = drain_node{node, *rc::gen::arbitrary<bool>()};
      break;
    case 4:
      asked.what = remove_node{node};
      break;
    case 5:
      asked.what = report_members{{*rc::gen::inRange<std::uint32_t>(0, 4)},
                                  {*rc::gen::inRange<std::uint64_t>(0, 9)},
                                  {node}};
      break;
    case 6:
    case 7:
      asked.what = remove_key{space, key, any_condition(now), any_knowledge(now)};
      break;
    default:
      asked.what = put{space, key, any_value(now), any_condition(now), any_knowledge(now)};
  }
  return asked;
}

/// The birth of a cluster of three, or a share of spaces 1 to 3.
own_command any_command(bool at_root) {
  if (*rc::gen::inRange(0, 3) != 0)
    return {};
  if (at_root)
    return found_catalog{std::make_shared<const cluster_map>(founding_map(
      "c", {{{1}, {1}, storage::node_state::active, "address-1", ""},
            {{2}, {1}, storage::node_state::active, "address-2", ""},
            {{3}, {1}, storage::node_state::active, "address-3", ""}}, 3))};
  adopt_share share{{*rc::gen::inRange<std::uint64_t>(1, 20)}, {}};
  for (std::uint32_t space = 1; space < 4; ++space)
    if (*rc::gen::arbitrary<bool>()) {
      share.owned.push_back({{space}, pick<std::string>({"", "k2"}),
                             pick<std::string>({"", "k6"})});
      if (*rc::gen::arbitrary<bool>())
        share.spaces.push_back({{space}, any_rules()});
    }
  return share;
}

void expect_same(const std::vector<answer>& one, const std::vector<answer>& two) {
  RC_ASSERT(one.size() == two.size());
  for (std::size_t place = 0; place < one.size(); ++place) {
    RC_ASSERT(one[place].code == two[place].code);
    RC_ASSERT(one[place].known == two[place].known);
    RC_ASSERT(one[place].version == two[place].version);
    RC_ASSERT(one[place].repeated == two[place].repeated);
    RC_ASSERT(one[place].conflict == two[place].conflict);
  }
}

} // namespace

TEST_CASE("the same log gives the same state, checkpointed and restored or not (A1)") {
  const bool same = rc::check([] {
    const session_limits narrow{.sessions = 4, .answers_per_session = 6, .answers = 16};
    const auto at_root = *rc::gen::arbitrary<bool>();
    const partition_id id{at_root ? 0U : 1U};
    replayed lived{narrow, id};
    replayed restarted{narrow, id};
    auto now = at_ms(0);
    const auto entries = *rc::gen::inRange(1, 40);
    for (int entry = 0; entry < entries; ++entry) {
      now.value += *rc::gen::inRange<std::uint64_t>(1, 300'000);
      entry_batch batch = batch_at(now, {}, any_command(at_root));
      const auto count = *rc::gen::inRange(0, 6);
      for (int n = 0; n < count; ++n)
        batch.operations.push_back(any_operation(now, at_root));
      expect_same(lived.apply(batch), restarted.apply(batch));
      now = batch.last_stamp();
      if (*rc::gen::inRange(0, 4) == 0)
        restarted.restart();
    }
    lived.write_back();
    restarted.write_back();
    RC_ASSERT(lived.rows() == restarted.rows());
    RC_ASSERT(lived.machine().owned() == restarted.machine().owned());
    if (at_root)
      RC_ASSERT(*lived.machine().root_catalog()->map()
                == *restarted.machine().root_catalog()->map());
    RC_ASSERT(lived.machine().epoch() == restarted.machine().epoch());
    RC_ASSERT(lived.machine().latest() == restarted.machine().latest());
    RC_ASSERT(lived.machine().sessions().answers()
              == restarted.machine().sessions().answers());
  });
  CHECK(same);
}

TEST_CASE("an operation takes effect at most once, whatever copies the log holds (A3)") {
  const bool once = rc::check([] {
    replayed state{{}};
    state.apply(batch_at(at_ms(0), {}, adopt_share{{1}, {{{1}, "", ""}}}));
    std::map<operation_id, int> effects;
    auto now = at_ms(1);
    const auto copies = *rc::gen::inRange(1, 60);
    for (int copy = 0; copy < copies; ++copy) {
      now.value += *rc::gen::inRange<std::uint64_t>(1, 900'000);
      const auto number = *rc::gen::inRange<std::uint64_t>(1, 12);
      // As a client sends it: the same `retry_until` with each copy.
      const auto asked
        = write(1, number, put_of("k", "v"), *rc::gen::inRange<std::uint64_t>(0, number + 1),
                at_ms(20 * number));
      const auto given = state.apply(batch_at(now, {asked})).front();
      if (given.code == error_code::ok && !given.repeated)
        ++effects[asked.id];
      if (*rc::gen::inRange(0, 5) == 0)
        state.restart();
    }
    for (const auto& [id, count] : effects)
      RC_ASSERT(count == 1);
  });
  CHECK(once);
}
