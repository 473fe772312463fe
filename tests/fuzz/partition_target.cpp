// The replica under test asserts by doctest, here outside of its cases.
#define DOCTEST_CONFIG_IMPLEMENT

#include "actors/membership/placement.hpp"
#include "actors/session/rpc_codec.hpp"
#include "tests/actors/partition/replica_under_test.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/message.hpp"
#include "tests/fuzz/target.hpp"

/// Requests of clients, one after the other, for a partition that leads and owns one
/// space, or for the root: whatever they say, each is answered once, and the state
/// can be written and read again.

using namespace present;
using namespace present::partition::test;
using namespace present::fuzz;

namespace {

constexpr unsigned max_requests = 8;

/// Confirms reads and commits entries until nothing is left to do.
void finish(replica_under_test& replica) {
  while (!replica.proposed.empty() || !replica.placed.empty() || !replica.reads.empty()) {
    replica.commit_all();
    auto reads = std::exchange(replica.reads, {});
    for (const auto& each : reads)
      replica.hear(present::partition::read_confirmed{each.ticket, replica.last_index});
  }
}

void ask(replica_under_test& replica, const request& what) {
  const auto tag = replica.ask(what.operations, what.deadline_ms);
  finish(replica);
  if (replica.is_open(tag)) // waits for what doesn't come, up to its deadline
    replica.pass(std::max(what.deadline_ms, bounds::default_deadline_ms) + time_ms{1});
  finish(replica);
  must(!replica.is_open(tag), "a request is answered by its deadline");
  const auto& said = replica.response_to(tag);
  if (said.failure.code != error_code::ok)
    return must(!said.failure.message.empty(), "a failure says why");
  must(said.answers.size() == what.operations.size(), "each operation has its answer");
  for (const auto& each : said.answers)
    must(each.code == error_code::ok || !each.message.empty(), "a refusal says why");
}

request writes_and_reads() {
  return *request_of({write(1, 1, put_of("key", "value", if_absent{})),
                      write(1, 2, remove_of("key")), read(get{{1}, "key", true}),
                      read(scan{{1}, "a", "z", 10})});
}

request transactions() {
  transact both;
  both.seen = {{{1}, "key", {}}};
  both.ranges = {{{1}, "a", "b", {{"aa", {1}}}}};
  both.compare = {{{1}, "key", relation::less, std::string{"z"}}};
  both.then = {put_step{{1}, "key", nullptr}, number_step{{1}, "n", number_change::add, 1}};
  both.otherwise = {element_step{{1}, "l", element_change::append, "e"}, get_step{{1}, "l"},
                    scan_step{{1}, "a", "", 3, true}, remove_step{{1}, "l"}};
  transact look;
  look.then = {get_step{{1}, "key"}};
  const transaction_terms terms{{{3}, {1}}, {{1}, "key"}, {1}, {2}};
  return *request_of({write(1, 1, both), read(look),
                      write(2, 1, prepare{terms, transact{both.start, both.seen, {}, {}, both.then, {}}}),
                      write(2, 2, resolve{terms.id, true, {9}, {2}})});
}

/// Something prepares under a lock, which goes to another meanwhile.
request fences() {
  transact part;
  part.then = {put_step{{1}, "key", nullptr}};
  const transaction_terms terms{{{3}, {1}}, {{1}, "home"}, {1}, at_ms(1'000)};
  const auto under = [](operation asked, hlc_stamp token) {
    asked.fence = std::make_shared<const lock_fence>(lock_fence{{2}, "lock", token});
    return asked;
  };
  return *request_of({under(write(2, 1, prepare{terms, part}), {5}),
                      under(write(2, 2, raise_fence{{1}, "key"}), {9}),
                      write(2, 3, resolve{terms.id, true, {9}, terms.deadline})});
}

request of_the_root() {
  return *request_of({write(1, 1, create_space{"orders", 2, {}}),
                      write(1, 2, create_space{"split", 0, {"g", "p"}}),
                      write(2, 1, add_node{{4}, {9}, "127.0.0.1:7", "127.0.0.1:8"}),
                      write(2, 2, drain_node{{4}}), write(2, 3, remove_node{{4}}),
                      write(2, 4, report_members{{1}, {2}, {{1}}}),
                      write(1, 3, drop_space{"orders"})});
}

std::string message(const request& what) {
  return message_of<schema::Request>([&](auto to) { encode_request(what, to); });
}

cluster_map::node node_at(std::uint32_t id) {
  return {{id}, {7}, storage::node_state::active, "127.0.0.1:" + std::to_string(id), ""};
}

present::partition::settings settings_of(bool root) {
  present::partition::settings options;
  options.id = root ? root_partition : partition_id{1};
  if (root) {
    auto map = founding_map("0123456789ab", {node_at(1), node_at(2), node_at(3)}, 2);
    options.founding_map = std::make_shared<const cluster_map>(std::move(map));
  }
  return options;
}

} // namespace

std::vector<std::string> present::fuzz::honest_inputs() {
  return {chosen(0, message(writes_and_reads())), chosen(1, message(of_the_root())),
          chosen(0, message(transactions())), chosen(0, message(fences())),
          chosen(0, message(writes_and_reads()) + message(writes_and_reads())),
          chosen(1, message(of_the_root()) + message(writes_and_reads()))};
}

namespace {

void assert_by_promise() {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& what) {
    must(!what.m_failed, what.m_expr);
  });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assert_by_promise();
  const input given{data, size};
  const bool root = given.choice_of(2) == 1;
  replica_under_test replica{settings_of(root)};
  if (root)
    replica.lead({1});
  else
    lead_with_space(replica);
  finish(replica);
  auto left = given.rest();
  for (unsigned count = 0; count < max_requests && !left.empty(); ++count) {
    std::size_t taken = left.size();
    read_message<schema::Request>(left, [&](schema::Request::Reader from) {
      const auto asked = decode_request(from);
      if (!asked)
        return must_explain(asked.problem());
      ask(replica, *asked);
      taken = std::max<std::size_t>(message(*asked).size(), sizeof(capnp::word));
    });
    left.remove_prefix(std::min(taken, left.size()));
  }
  replica.restart();
  must(static_cast<bool>(storage::verify(replica.disk)), "a state adds up after a restart");
  return 0;
}
