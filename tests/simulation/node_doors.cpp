#include "tests/simulation/oracle_violation.hpp"
#include "tests/simulation/simulated_node.hpp"

#include <utility>

/// Where clients come in: what a node's session actors do, one per connection.
namespace present::simulation {

void simulated_node::take_request(const client_call& from,
                                  std::shared_ptr<const request> what) {
  if (!replica_)
    return;
  if (conditions.paused_until_us > time_.now_us())
    return later(conditions.paused_until_us - time_.now_us(),
                 [this, from, what = std::move(what)] { take_request(from, what); });
  auto& door = doors_[from.client];
  const auto number = ++door.last;
  door.calls.emplace(number, from.number);
  session::effects wanted;
  door.machine.step(session::called{number, std::move(what)}, wanted);
  carry_out(from.client, wanted);
}

void simulated_node::carry_out(std::uint32_t client, session::effects& wanted) {
  for (auto& effect : wanted) {
    if (auto* forwarded = std::get_if<session::forward>(&effect)) {
      const auto tag = ++last_tag_;
      askers_.emplace(tag, asker{client, forwarded->number});
      tell(partition::arrived{tag, std::move(forwarded->what)});
      continue;
    }
    auto& said = std::get<session::reply>(effect);
    auto& calls = doors_[client].calls;
    const auto call = calls.find(said.number);
    outside_.reply({client, call->second}, std::move(said.what));
    calls.erase(call);
  }
}

void simulated_node::perform(partition::respond& what) {
  const auto found = askers_.find(what.tag);
  expect(found != askers_.end(), "one response", "a request was answered twice");
  const auto [client, number] = found->second;
  askers_.erase(found);
  session::effects wanted;
  doors_[client].machine.step(session::responded{number, std::move(what.what)}, wanted);
  carry_out(client, wanted);
}

/// The sessions hear that the replica is gone.
void simulated_node::lose_askers() {
  askers_.clear();
  for (auto& [client, door] : doors_) {
    session::effects wanted;
    door.machine.step(session::partition_lost{partition}, wanted);
    carry_out(client, wanted);
  }
}

} // namespace present::simulation
