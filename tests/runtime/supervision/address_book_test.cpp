#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::supervision;

namespace {

caf::behavior silent(caf::event_based_actor*) {
  return {[](int) {}};
}

} // namespace

TEST_CASE("an address follows its actor") {
  test::simulated_world world;
  address_book book;
  auto to = book.address_of<caf::actor>("node/journal");
  CHECK_FALSE(to.get());
  auto slot = book.slot("node/journal");
  const auto first = world.system.spawn(silent);
  slot->publish(caf::actor_cast<caf::strong_actor_ptr>(first));
  CHECK(to.get() == first);
  slot->clear();
  CHECK_FALSE(to.get());
  const auto second = world.system.spawn(silent);
  slot->publish(caf::actor_cast<caf::strong_actor_ptr>(second));
  CHECK(to.get() == second);
  CHECK(book.find("node/journal") == caf::actor_cast<caf::strong_actor_ptr>(second));
  CHECK(book.find("node/nobody") == nullptr);
  slot->clear();
}

TEST_CASE("a name that nobody holds is forgotten") {
  address_book book;
  for (int i = 0; i < 10'000; ++i)
    book.slot("session/" + std::to_string(i));
  CHECK(book.names() < 2048);
}

TEST_CASE("an address without a slot is nobody's") {
  address<caf::actor> to;
  CHECK_FALSE(to.get());
}
