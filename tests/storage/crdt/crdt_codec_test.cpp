#include "tests/storage/crdt/random_changes.hpp"

#include "runtime/base/bounds.hpp"
#include "schemas/crdt.capnp.h"
#include "storage/crdt/crdt_codec.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <doctest/doctest.h>

using namespace present;
using namespace present::crdt;

namespace {

/// What `fill` makes of a message.
template <class Fill>
std::string message(Fill&& fill) {
  capnp::MallocMessageBuilder building;
  fill(building.initRoot<stored::CrdtValue>());
  const auto words = capnp::messageToFlatArray(building);
  const auto bytes = words.asChars();
  return {bytes.begin(), bytes.size()};
}

std::string complaint_about(const std::string& bytes) {
  const auto read = decode_crdt(bytes);
  REQUIRE_FALSE(read);
  CHECK(read.problem().code == error_code::damaged);
  return read.problem().message;
}

void set_count(stored::CrdtCount::Builder out, std::uint64_t replica, std::uint64_t count) {
  out.setReplica(replica);
  out.setCount(count);
}

const std::string not_one_form = " that is not in its one form";
const std::string not_heard_of = " with a change that it has not heard of, or a name without one";

} // namespace

TEST_CASE("counts out of order, twice, or of nothing are refused") {
  CHECK(complaint_about(message([](auto out) {
          auto counts = out.initGCounter(2);
          set_count(counts[0], 2, 1);
          set_count(counts[1], 1, 1);
        }))
        == "a value of kind g-counter" + not_one_form);
  CHECK(complaint_about(message([](auto out) {
          auto counts = out.initGCounter(2);
          set_count(counts[0], 1, 1);
          set_count(counts[1], 1, 2);
        }))
        == "a value of kind g-counter" + not_one_form);
  CHECK(complaint_about(message([](auto out) { set_count(out.initGCounter(1)[0], 1, 0); }))
        == "a value of kind g-counter" + not_one_form);
}

TEST_CASE("a change outside of its context, and a name without a change, are refused") {
  CHECK(complaint_about(message([](auto out) {
          set_count(out.initMvRegister().initWrites(1)[0].initDot(), 1, 1);
        }))
        == "a value of kind mv-register" + not_heard_of);
  CHECK(complaint_about(message([](auto out) {
          set_count(out.initOrSet().initMembers(1)[0].initDots(1)[0], 1, 1);
        }))
        == "a value of kind or-set" + not_heard_of);
  CHECK(complaint_about(message([](auto out) { out.initOrSet().initMembers(1); }))
        == "a value of kind or-set" + not_heard_of);
  CHECK(complaint_about(message([](auto out) { out.initOrMap().initSets(1); }))
        == "a value of kind or-map" + not_heard_of);
  CHECK(complaint_about(message([](auto out) { out.initOrMap().initRegisters(1); }))
        == "a value of kind or-map" + not_heard_of);
}

TEST_CASE("a context with gaps that are none is refused") {
  CHECK(complaint_about(message([](auto out) {
          auto context = out.initOrSet().initContext();
          set_count(context.initSeen(1)[0], 1, 1);
          set_count(context.initApart(1)[0], 1, 2);
        }))
        == "a value of kind or-set" + not_one_form);
}

TEST_CASE("a register that was never written has no value, and no writer") {
  CHECK(complaint_about(message([](auto out) { out.initLwwRegister().setBy(3); }))
        == "a value of kind lww-register" + not_heard_of);
  CHECK(complaint_about(message([](auto out) {
          auto latest = out.initLwwRegister();
          latest.setAt(5);
          latest.setValue(capnp::Data::Reader{reinterpret_cast<const kj::byte*>("x"), 1});
        }))
        == "a value of kind lww-register" + not_one_form);
}

TEST_CASE("what is no message, or more than one, is refused") {
  CHECK(complaint_about("").find("not a message") == 0);
  CHECK(complaint_about(std::string(7, '\0')).find("not a message") == 0);
  const auto good = encode_crdt(*g_counter{}.add({1}, 1));
  REQUIRE(decode_crdt(good));
  CHECK(complaint_about(good + std::string(8, '\0')) == "more than a message: 8 bytes follow it");
  const auto large = decode_crdt(std::string(bounds::max_value + 8, '\0'));
  REQUIRE_FALSE(large);
  CHECK(large.problem().code == error_code::too_large);
}

TEST_CASE("bytes that were cut or changed are refused, or are a value in its one form") {
  dice chance{21};
  std::size_t refused = 0;
  for (const auto kind : all_kinds)
    for (int round = 0; round < 400; ++round) {
      auto bytes = encode_crdt(run_replicas(kind, 12, chance).values.front());
      if (chance.below(4) == 0)
        bytes.resize(chance.below(bytes.size()));
      else
        for (auto flips = 1 + chance.below(3); flips > 0; --flips)
          bytes[chance.below(bytes.size())] ^= static_cast<char>(1U << chance.below(8));
      const auto read = decode_crdt(bytes);
      if (read)
        CHECK(encode_crdt(*read) == bytes);
      else
        ++refused;
    }
  CHECK(refused > 600);
}

TEST_CASE("a delta as bytes into a value as bytes is what both become, as bytes") {
  dice chance{4};
  for (const auto kind : all_kinds) {
    const auto run = run_replicas(kind, 20, chance);
    auto both = run.values[0];
    join(both, run.deltas.back());
    const auto made = join_encoded(encode_crdt(run.values[0]), encode_crdt(run.deltas.back()));
    REQUIRE(made);
    CHECK(*made == encode_crdt(both));
  }
  const auto counter = encode_crdt(*g_counter{}.add({1}, 1));
  CHECK(join_encoded(counter, encode_crdt(or_set{})).problem().code == error_code::invalid);
  CHECK(join_encoded("x", counter).problem().code == error_code::damaged);
  CHECK(join_encoded(counter, "x").problem().code == error_code::damaged);
}

TEST_CASE("two values that become too large together are refused") {
  const auto half = [](std::uint64_t replica) {
    const std::string name(bounds::max_value * 2 / 3, static_cast<char>('a' + replica));
    return encode_crdt(or_set{}.insert({replica}, name));
  };
  REQUIRE(decode_crdt(half(1)));
  const auto made = join_encoded(half(1), half(2));
  REQUIRE_FALSE(made);
  CHECK(made.problem().code == error_code::too_large);
}

TEST_CASE("a message of a few bytes that says it has many entries makes none of them") {
  const auto counter_of = [](std::uint32_t entries) {
    const std::uint32_t halves[] = {
      0, 4,             // one segment of four words
      0, 1 | 1 << 16,   // a value: a word and a pointer
      0, 0,             // of kind 0, a counter
      1, 7,             // its counts, a list of structs right behind, of no words
      entries << 2, 0,  // of so many, each of none
    };
    return std::string{reinterpret_cast<const char*>(halves), sizeof halves};
  };
  CHECK(complaint_about(counter_of(40)) == "a value of kind g-counter" + not_one_form);
  CHECK(complaint_about(counter_of(100'000'000)).find("not a message: Exceeded") == 0);
}
