#include "actors/session/session_machine.hpp"

#include "runtime/base/bounds.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::session;

namespace {

std::shared_ptr<const request> asking(decltype(operation::what) what, std::size_t times = 1) {
  auto asked = std::make_shared<request>();
  asked->partition = {1};
  operation one;
  one.what = std::move(what);
  asked->operations.assign(times, one);
  return asked;
}

effects told(session_machine& machine, event what) {
  effects out;
  machine.step(what, out);
  return out;
}

error_code refusal_in(const effects& out) {
  REQUIRE(out.size() == 1);
  return std::get<reply>(out[0]).what->failure.code;
}

} // namespace

TEST_CASE("a call is forwarded, and its answer goes back under its number (I1)") {
  session_machine machine{false};
  const auto out = told(machine, called{7, asking(get{})});
  REQUIRE(out.size() == 1);
  CHECK(std::get<forward>(out[0]).number == 7);
  CHECK(machine.operations_under_way() == 1);
  const auto back = told(machine, responded{7, std::make_shared<response>()});
  REQUIRE(back.size() == 1);
  CHECK(std::get<reply>(back[0]).number == 7);
  CHECK(machine.operations_under_way() == 0);
  CHECK(told(machine, responded{7, std::make_shared<response>()}).empty());
}

TEST_CASE("what is under way is bounded (I2)") {
  session_machine machine{false};
  for (std::uint64_t call = 0; call < bounds::max_session_inflight / 1000; ++call)
    told(machine, called{call, asking(get{}, 1000)});
  const auto out = told(machine, called{99, asking(get{})});
  CHECK(refusal_in(out) == error_code::overloaded);
  CHECK(std::get<reply>(out[0]).what->failure.retry_after_ms > 0);
}

TEST_CASE("of a replica that is gone writes are unknown, reads are not (I3)") {
  session_machine machine{false};
  told(machine, called{1, asking(put{})});
  CHECK(refusal_in(told(machine, partition_lost{{1}})) == error_code::unknown_outcome);
  told(machine, called{2, asking(get{})});
  CHECK(told(machine, partition_lost{{5}}).empty());
  CHECK(refusal_in(told(machine, partition_lost{{1}})) == error_code::no_quorum);
}

TEST_CASE("what changes the nodes takes an admin or a node (I4, Z1)") {
  for (const auto& what : std::vector<decltype(operation::what)>{
         add_node{{4}, {1}, "a", ""}, drain_node{{1}}, remove_node{{1}},
         report_members{{1}, {1}, {{1}}}}) {
    session_machine client{false};
    CHECK(refusal_in(told(client, called{1, asking(what)})) == error_code::denied);
    CHECK(client.operations_under_way() == 0);
    session_machine admin{true};
    CHECK(std::holds_alternative<forward>(told(admin, called{1, asking(what)}).front()));
  }
  session_machine client{false};
  CHECK(std::holds_alternative<forward>(
    told(client, called{1, asking(create_space{"a"})}).front()));
}
