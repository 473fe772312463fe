#include "tests/tools/histories/generated_history.hpp"

#include "runtime/base/overloaded.hpp"
#include "tests/tools/histories/contents.hpp"

namespace present::histories {

namespace {

class generator {
public:
  generator(const history_plan& plan, dice& chance)
      : plan_(plan), chance_(chance), clients_(plan.clients), keys_(plan.keys) {}

  std::vector<operation> run() {
    while (made_.size() < plan_.operations) {
      ++now_;
      auto& client = clients_[chance_.below(clients_.size())];
      if (!client.operation)
        call(client);
      else if (!client.has_effect)
        take_effect(client);
      else
        end(client);
    }
    return made_;
  }

private:
  struct client_state {
    std::optional<std::size_t> operation; ///< the one under way
    bool has_effect = false;
    std::uint32_t life = 0; ///< a client that lost an answer is another one then
  };

  void call(client_state& client) {
    const auto number = static_cast<std::uint32_t>(&client - clients_.data());
    operation one;
    one.client = number + client.life * plan_.clients;
    one.key = "key-" + std::to_string(chance_.below(plan_.keys));
    one.what = any_action(keys_[key_of(one)]);
    one.called = now_;
    made_.push_back(std::move(one));
    client.operation = made_.size() - 1;
    client.has_effect = false;
  }

  void take_effect(client_state& client) {
    auto& one = made_[*client.operation];
    if (chance_.percent(plan_.lost_percent)) {
      lose(client, one);
      return;
    }
    carry_out(one);
    client.has_effect = true;
  }

  /// Now, never, or at the next effect of the same client.
  void lose(client_state& client, operation& one) {
    if (chance_.percent(50))
      carry_out(one);
    forget_answer(one);
    client.operation.reset();
    ++client.life;
  }

  void end(client_state& client) {
    auto& one = made_[*client.operation];
    if (chance_.percent(plan_.lost_percent)) {
      forget_answer(one);
      ++client.life;
    } else {
      one.returned = now_;
    }
    client.operation.reset();
  }

  static void forget_answer(operation& one) {
    if (auto* more = std::get_if<add_amount>(&one.what))
      more->total.reset();
    if (auto* swap = std::get_if<cas>(&one.what))
      swap->wrote = false;
  }

  std::size_t key_of(const operation& one) const {
    return static_cast<std::size_t>(std::stoul(one.key.substr(4)));
  }

  std::string any_value() {
    return "v" + std::to_string(plan_.values ? chance_.below(plan_.values) : ++last_value_);
  }

  action any_action(const contents& there) {
    const auto reads = chance_.percent(plan_.read_percent);
    if (plan_.kind == key_kind::counter) {
      if (reads)
        return read_total{};
      return add_amount{1 + static_cast<std::int64_t>(chance_.below(2)),
                        chance_.percent(50) ? std::optional<std::int64_t>{0} : std::nullopt};
    }
    if (plan_.kind == key_kind::set) {
      if (reads)
        return read_members{};
      return add_member{any_value()};
    }
    if (reads)
      return get{};
    if (chance_.percent(40))
      return cas{there.value, any_value(), false};
    if (chance_.percent(10))
      return put{};
    return put{any_value()};
  }

  void carry_out(operation& one) {
    auto& there = keys_[key_of(one)];
    std::visit(overloaded{[&](get& read) { read.found = there.value; },
                          [&](put& write) { there.value = write.value; },
                          [&](cas& swap) {
                            swap.wrote = there.value == swap.expected;
                            if (swap.wrote)
                              there.value = swap.value;
                          },
                          [&](add_amount& more) {
                            there.total += more.amount;
                            if (more.total)
                              more.total = there.total;
                          },
                          [&](read_total& read) { read.total = there.total; },
                          [&](add_member& more) { there.members.insert(more.member); },
                          [&](read_members& read) {
                            read.members.assign(there.members.begin(), there.members.end());
                          }},
               one.what);
  }

  const history_plan& plan_;
  dice& chance_;
  std::vector<client_state> clients_;
  std::vector<contents> keys_;
  std::vector<operation> made_;
  std::uint64_t now_ = 0;
  std::uint64_t last_value_ = 0;
};

void damage_answer(operation& one, dice& chance) {
  const auto other = "v" + std::to_string(chance.below(6));
  std::visit(overloaded{[&](get& read) { read.found = other; },
                        [&](put& write) { write.value = other; },
                        [&](cas& swap) { swap.wrote = !swap.wrote; },
                        [&](add_amount& more) { ++more.amount; },
                        [&](read_total& read) { ++read.total; },
                        [&](add_member& more) { more.member = other; },
                        [&](read_members& read) {
                          if (read.members.empty() || chance.percent(50))
                            read.members.push_back(other);
                          else
                            read.members.pop_back();
                        }},
             one.what);
}

} // namespace

std::vector<operation> generate_history(const history_plan& plan, dice& chance) {
  return generator{plan, chance}.run();
}

void damage(std::vector<operation>& history, dice& chance) {
  if (history.empty())
    return;
  auto& one = history[chance.below(history.size())];
  switch (chance.below(4)) {
    case 0:
      one.called += chance.below(6);
      if (one.returned && *one.returned < one.called)
        one.returned = one.called;
      break;
    case 1:
      if (one.returned)
        one.returned = std::max(one.called, *one.returned - std::min<std::uint64_t>(
                                                              *one.returned, chance.below(6)));
      break;
    case 2:
      history.erase(history.begin() + (&one - history.data()));
      break;
    default:
      damage_answer(one, chance);
  }
}

} // namespace present::histories
