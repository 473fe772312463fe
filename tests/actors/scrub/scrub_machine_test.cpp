#include "actors/scrub/scrub_machine.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::scrub;

namespace {

constexpr partition_id one{1};
constexpr partition_id two{2};

/// A machine, and the effects of its last step by kind.
struct scrubber {
  settings options{.rows_a_step = 10, .log_bytes_a_step = 100, .step_pause_ms = 5,
                   .pass_pause_ms = 1000};
  scrub_machine machine{options};
  time_ms now = 0;
  effects last;

  void tell(event_kind what) { last = machine.step({now, std::move(what)}); }
  void wait() {
    REQUIRE(machine.next_wake());
    now = std::max(now, *machine.next_wake());
    tell(time_passed{});
  }

  template <class Kind>
  Kind only() const {
    REQUIRE(last.size() == 1);
    REQUIRE(std::holds_alternative<Kind>(last.front()));
    return std::get<Kind>(last.front());
  }
  template <class Kind>
  std::optional<Kind> find() const {
    for (const auto& effect : last)
      if (const auto* wanted = std::get_if<Kind>(&effect))
        return *wanted;
    return std::nullopt;
  }

  /// Answers what was asked last.
  void read(std::uint64_t rows, bool complete, std::string damage = {}) {
    const auto asked = find<read_state>();
    REQUIRE(asked);
    tell(state_read{asked->partition, asked->life, rows, complete, false,
                    std::move(damage)});
  }
  void read_log_to(std::uint64_t next, std::string damage = {}) {
    const auto asked = find<read_log>();
    REQUIRE(asked);
    tell(log_read{asked->partition, asked->life, {next}, std::move(damage)});
  }
};

} // namespace

TEST_CASE("a state that was opened is read at once, to its end, before it is sound") {
  scrubber s;
  s.tell(began{one});
  CHECK(s.only<read_state>().max_rows == 10);
  s.read(10, false);
  CHECK(s.only<read_state>().partition == one); // no pause
  s.read(3, true);
  CHECK(s.only<verdict>().what == finding::sound);
  CHECK(s.machine.rows_read() == 13);
}

TEST_CASE("then log and state are read over and over, with pauses (S3)") {
  scrubber s;
  s.tell(began{one});
  s.read(1, true);
  CHECK(s.machine.next_wake() == 1000);
  s.wait();
  CHECK(s.only<read_log>().from == log_index{0});
  s.read_log_to(7);
  CHECK(s.last.empty());
  CHECK(s.machine.next_wake() == 1005);
  s.wait();
  CHECK(s.only<read_log>().from == log_index{7});
  s.read_log_to(0);
  s.wait();
  CHECK(s.only<read_state>().partition == one);
  s.read(10, false);
  CHECK(s.last.empty());
  s.wait();
  s.read(1, true);
  CHECK(s.only<verdict>().what == finding::sound);
  CHECK(s.machine.next_wake() == s.now + 1000);
  CHECK(s.machine.passes() == 2);
}

TEST_CASE("a state that was read back when it was installed is not read at once") {
  scrubber s;
  s.tell(began{one, true});
  CHECK(s.last.empty());
  CHECK(s.machine.next_wake() == 1000);
}

TEST_CASE("one step at a time; a first pass goes before all others (S1, S2)") {
  scrubber s;
  s.tell(began{one, true});
  s.now = 1000;
  s.tell(time_passed{});
  CHECK(s.only<read_log>().partition == one);
  s.tell(began{two});
  CHECK(s.last.empty());
  s.tell(log_read{one, 1, {3}, {}});
  CHECK(s.only<read_state>().partition == two); // while the other pauses
  s.read(10, false);
  CHECK(s.only<read_state>().partition == two);
}

TEST_CASE("damage is told at once, and nothing more until the replica begins anew") {
  scrubber s;
  s.tell(began{one});
  SUBCASE("in the state") {
    s.read(10, false, "a row");
    CHECK(s.only<verdict>().what == finding::damaged_state);
    CHECK(s.only<verdict>().why == "a row");
  }
  SUBCASE("in the log") {
    s.read(10, true);
    s.wait();
    s.read_log_to(0, "an entry");
    CHECK(s.only<verdict>().what == finding::damaged_log);
  }
  CHECK(s.machine.damage_found() == 1);
  CHECK_FALSE(s.machine.next_wake());
  s.tell(began{one});
  CHECK(s.find<read_state>());
}

TEST_CASE("what was read before the replica began anew is not held against it (S4)") {
  scrubber s;
  s.tell(began{one});
  const auto asked = s.only<read_state>();
  s.tell(began{one});
  CHECK(s.last.empty());
  s.tell(state_read{one, asked.life, 1, true, false, "of the old file"});
  CHECK_FALSE(s.find<verdict>());
  CHECK(s.only<read_state>().life != asked.life);
}

TEST_CASE("a replica that ends, or whose state is gone, is left alone") {
  scrubber s;
  s.tell(began{one});
  SUBCASE("it says so") {
    s.tell(ended{one});
    s.tell(state_read{one, 1, 1, true, false, {}});
  }
  SUBCASE("its state is gone") { s.tell(state_read{one, 1, 0, false, true, {}}); }
  CHECK(s.last.empty());
  CHECK_FALSE(s.machine.next_wake());
}

TEST_CASE("a state that can't be read just now is tried again after a pause") {
  scrubber s;
  s.tell(began{one});
  s.read(0, false);
  CHECK(s.last.empty());
  CHECK(s.machine.next_wake() == 5);
}
