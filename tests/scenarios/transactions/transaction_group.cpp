#include "tests/scenarios/transactions/transaction_group.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <stdexcept>

namespace present::scenarios {

using namespace transaction;

namespace {

constexpr space_id things{1};
constexpr hlc_stamp deadline{1'000};

std::string letter_of(std::uint32_t number) {
  return std::string(1, static_cast<char>('a' + number - 1));
}

bytes_ptr bytes(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

claim_id claim_of(const std::string& holder) {
  return {static_cast<std::uint64_t>(holder.at(0))};
}

/// "c1:7"
std::shared_ptr<const lock_fence> fence_of(const std::string& text) {
  const auto sign = text.find(':');
  return std::make_shared<const lock_fence>(
    lock_fence{things, text.substr(0, sign), {std::stoull(text.substr(sign + 1))}});
}

const char* word_of(const operation& what) {
  return std::visit(overloaded{
                      [](const prepare&) { return "prepare"; },
                      [](const decide&) { return "decide"; },
                      [](const resolve& r) { return r.committed ? "commit" : "abort"; },
                      [](const push&) { return "push"; },
                      [](const forget&) { return "forget"; },
                      [](const auto&) { return "get"; },
                    },
                    what.what);
}

operation_id transaction_of(const operation& what) {
  return std::visit(overloaded{
                      [](const prepare& w) { return w.terms.id; },
                      [](const decide& w) { return w.terms.id; },
                      [](const resolve& w) { return w.transaction; },
                      [](const push& w) { return w.transaction; },
                      [](const forget& w) { return w.transaction; },
                      [](const auto&) { return operation_id{}; },
                    },
                    what.what);
}

} // namespace

transaction_group::transaction_group(std::uint32_t partitions) {
  for (std::uint32_t number = 1; number <= partitions; ++number) {
    partitions_.push_back(std::make_unique<partition>());
    auto& p = *partitions_.back();
    open(p);
    p.coordinator = std::make_unique<coordinator_machine>(settings{});
    entry_batch share;
    share.first_stamp = {++stamp_};
    const auto last = number == partitions ? std::string{} : letter_of(number + 1);
    share.command = adopt_share{{1}, {{things, number == 1 ? "" : letter_of(number), last}}};
    p.machine->apply(share);
  }
}

void transaction_group::open(partition& p) {
  p.machine.reset(); // it ends before its table
  p.table = std::make_unique<storage::state>(p.disk);
  p.machine = std::make_unique<present::partition::state_machine>(
    partition_id{1}, present::partition::session_limits{}, *p.table);
}

std::uint32_t transaction_group::number_of(const std::string& key) const {
  const auto number = static_cast<std::uint32_t>(key.at(0) - 'a' + 1);
  if (number < 1 || number > partitions_.size())
    throw std::runtime_error("no partition has the key " + key);
  return number;
}

cluster_map transaction_group::map() const {
  cluster_map made;
  for (std::uint32_t number = 1; number <= partitions_.size(); ++number)
    made.ranges.push_back({things, number == 1 ? "" : letter_of(number), {number}});
  return made;
}

std::string transaction_group::name_of(const operation_id& id) const {
  for (const auto& [name, one] : clients_)
    if (one.asked.id == id)
      return name;
  return "?";
}

std::string transaction_group::describe(const answer& said, bool is_push) const {
  if (said.holder)
    return "locked by " + name_of(said.holder->terms.id);
  if (said.code != error_code::ok)
    return std::string{traits_of(said.code).name};
  const auto at = "@" + std::to_string(said.version.value);
  auto words = is_push && said.otherwise                 ? std::string{"aborted"}
               : said.otherwise || said.took_otherwise ? "else " + at
                                                       : "ok " + at;
  if (said.steps)
    for (const auto& step : *said.steps)
      if (step.value)
        words += ", read " + *step.value + "@" + std::to_string(step.version.value);
  if (said.value)
    words += " " + *said.value;
  return words;
}

std::string transaction_group::describe(const question& one) const {
  const auto* told = std::get_if<resolve>(&one.what.what);
  return word_of(one.what) + std::string{told && told->otherwise ? " else of " : " "}
         + name_of(transaction_of(one.what)) + " p" + std::to_string(one.from) + " -> p"
         + std::to_string(one.to);
}

answer transaction_group::apply(std::uint32_t to, const operation& what) {
  entry_batch batch;
  batch.first_stamp = {++stamp_};
  batch.operations = {what};
  return at(to).machine->apply(batch).front();
}

// -- clients -----------------------------------------------------------------------------

template <class What>
operation transaction_group::of_stranger(What what) const {
  operation asked;
  asked.id = {{99}, {stamp_ + 1}};
  asked.retry_until = deadline;
  asked.what = std::move(what);
  return asked;
}

void transaction_group::put(const std::string& key, const std::string& value) {
  const present::put asked{things, key, bytes(value), always{}};
  say(describe(apply(number_of(key), of_stranger(asked))));
}

void transaction_group::acquire(const std::string& lock, const std::string& by) {
  const acquire_lock asked{things, lock, claim_of(by), 1'000, true, by, nullptr};
  say(describe_turn(apply(number_of(lock), of_stranger(asked))));
}

void transaction_group::release(const std::string& lock, const std::string& by) {
  say(describe(apply(number_of(lock), of_stranger(release_lock{things, lock, claim_of(by)}))));
}

void transaction_group::keep(const std::string& lock, const std::string& by) {
  say(describe_turn(at(number_of(lock)).machine->read(keep_lock{things, lock, claim_of(by), 0})));
}

void transaction_group::raise(const std::string& fence, const std::string& key) {
  auto asked = of_stranger(raise_fence{things, key});
  asked.fence = fence_of(fence);
  say(describe(apply(number_of(key), asked)));
}

std::string transaction_group::describe_turn(const answer& said) const {
  return said.code == error_code::ok && said.otherwise ? "waits" : describe(said);
}

void transaction_group::get(const std::string& key) {
  say(describe(at(number_of(key)).machine->read(present::get{things, key, false})));
}

void transaction_group::begin(const std::string& name, std::uint64_t start,
                              const std::vector<std::string>& steps) {
  client made;
  made.asked.id = {{7}, {clients_.size() + 1}};
  made.asked.retry_until = deadline;
  transact whole;
  whole.start = {start};
  auto* branch = &whole.then;
  for (const auto& step : steps) {
    if (step == "else") {
      branch = &whole.otherwise;
      continue;
    }
    const auto sign = step.find_first_of("=!?:");
    const auto key = step.substr(0, sign);
    const auto kind = sign == std::string::npos ? ' ' : step[sign];
    if (kind == ' ')
      branch->push_back(get_step{things, key});
    else if (kind == '=')
      branch->push_back(put_step{things, key, bytes(step.substr(sign + 1))});
    else if (kind == ':')
      made.asked.fence = fence_of(step);
    else if (kind == '?')
      whole.compare.push_back({things, key, relation::equal, step.substr(sign + 1)});
    else
      whole.seen.push_back(
        {things, key, at(number_of(key)).machine->read(present::get{things, key, true}).version});
    if (made.home == 0 && kind == '=')
      made.home = number_of(key);
  }
  if (made.home == 0)
    throw std::runtime_error("it writes nothing");
  made.asked.what = std::move(whole);
  clients_[name] = std::move(made);
  ask_home(name);
}

void transaction_group::again(const std::string& name) {
  if (!clients_.contains(name))
    throw std::runtime_error("there is no transaction " + name);
  ask_home(name);
}

/// What partition_machine does with it (I11).
void transaction_group::ask_home(const std::string& name) {
  const auto& one = clients_.at(name);
  auto& home = at(one.home);
  if (const auto known = home.machine->answer_before(one.asked)) {
    say("client of " + name + ": " + describe(*known) + ", as home remembers");
    return;
  }
  auto plan = plan_of(one.asked, {one.home}, map(), {1});
  if (!plan)
    throw std::runtime_error(plan.problem().message);
  hear(one.home, to_coordinate{{{one.home}, home.at_term}, std::move(*plan), {}});
}

// -- coordinators ------------------------------------------------------------------------

void transaction_group::hear(std::uint32_t number, coordinator_event_kind what) {
  coordinator_effects out;
  at(number).coordinator->step({now_ms_, std::move(what)}, out);
  for (auto& each : out)
    std::visit([&](auto& one) { note(number, one); }, each);
}

void transaction_group::note(std::uint32_t from, transaction::ask_home& what) {
  asked_.push_back({from, from, what.ticket, std::move(what.what), true, what.whom.at_term});
  say("asks " + describe(asked_.back()));
}

void transaction_group::note(std::uint32_t from, ask_cluster& what) {
  asked_.push_back({from, number_of(what.where.key.empty() ? "a" : what.where.key), what.ticket,
                    std::move(what.what), false, {}});
  say("asks " + describe(asked_.back()));
}

void transaction_group::note(std::uint32_t, tell_asker& what) {
  say("client of " + name_of(what.what.id) + ": " + describe(what.what));
}

void transaction_group::deliver(const question& one, fate how) {
  if (how == fate::lost) {
    say(describe(one) + ": lost");
    return hear(one.from, asked_lost{one.ticket});
  }
  answer said;
  if (one.of_home && one.at_term != at(one.to).at_term) {
    said.code = error_code::not_leader; // P16
    said.known = outcome::not_applied;
  } else {
    said = apply(one.to, one.what);
  }
  say(describe(one) + ": " + describe(said, std::holds_alternative<push>(one.what.what)) + (how == fate::unheard ? ", unheard" : ""));
  if (how == fate::unheard)
    hear(one.from, asked_lost{one.ticket});
  else
    hear(one.from, asked_answered{one.ticket, std::move(said)});
}

void transaction_group::deliver(const std::string& what, std::uint32_t to, fate how) {
  const auto wanted = [&](const question& one) {
    return (what.empty() || what == word_of(one.what)) && (to == 0 || to == one.to);
  };
  auto due = std::stable_partition(asked_.begin(), asked_.end(),
                                   [&](const question& one) { return !wanted(one); });
  const std::vector<question> arriving(due, asked_.end());
  asked_.erase(due, asked_.end());
  if (arriving.empty())
    throw std::runtime_error("nothing of that is asked");
  for (const auto& one : arriving)
    deliver(one, how);
}

void transaction_group::settle() {
  while (!asked_.empty())
    deliver({}, 0, fate::arrives);
}

void transaction_group::pass(std::uint64_t ms) {
  now_ms_ += ms;
  for (std::uint32_t number = 1; number <= partitions_.size(); ++number)
    hear(number, time_passed{});
}

// -- leaders -----------------------------------------------------------------------------

void transaction_group::take_over(std::uint32_t number) {
  auto& p = at(number);
  p.at_term = next(p.at_term);
  p.coordinator = std::make_unique<coordinator_machine>(settings{});
  std::erase_if(asked_, [&](const question& one) { return one.from == number; });
  for (const auto& decision : p.machine->transactions().undriven()) {
    transaction_terms terms{{decision.client, decision.number},
                            {things, letter_of(number)}, {}, decision.deadline};
    hear(number, to_coordinate{{{number}, p.at_term}, drive{terms, decision}, {}});
  }
}

void transaction_group::doubt(std::uint32_t number) {
  auto& p = at(number);
  const auto locks = p.machine->transactions().locks().all();
  for (const auto& [id, lock] : locks) {
    const auto& where = lock.writes.empty() ? lock.reads.front() : lock.writes.front().where;
    hear(number, to_coordinate{{{number}, p.at_term},
                               transaction::doubt{present::partition::terms_of(lock),
                                                  {where.space, where.key}},
                               {}});
  }
}

void transaction_group::restart(std::uint32_t number) {
  auto& p = at(number);
  p.machine->write_back();
  const auto frozen = p.table->freeze({{++p.checkpoints}, {1}, {}});
  (void)p.disk.write(**frozen);
  p.table->release_frozen();
  open(p);
}

void transaction_group::status() {
  for (std::uint32_t number = 1; number <= partitions_.size(); ++number) {
    const auto& known = at(number).machine->transactions();
    std::string line = "p" + std::to_string(number) + ":";
    for (const auto& [name, one] : clients_) {
      if (known.locks().find(one.asked.id))
        line += " " + name + " locked";
      if (const auto* end = known.ended(one.asked.id)) {
        line += " " + name + (end->committed ? " committed" : " aborted");
        for (const auto& decision : known.undriven())
          if (operation_id{decision.client, decision.number} == end->id)
            for (const auto& waits : decision.waiting)
              line += ", " + waits.key + " has yet to hear";
      }
    }
    say(line);
  }
}

} // namespace present::scenarios
