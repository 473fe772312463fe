#include "tests/actors/transaction/two_phase_world.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/joined_steps.hpp"
#include "storage/typed_value.hpp"

#include <algorithm>

namespace present::transaction::test {

using namespace present::partition::test;

namespace {

constexpr int accounts_each = 3;
constexpr std::int64_t opening_balance = 100;
constexpr std::uint64_t transaction_ms = 400;
constexpr std::uint64_t longest_ms = 120'000;

std::string text_of(const operation_id& id) {
  return std::to_string(id.client.value) + "." + std::to_string(id.number.value);
}

/// What one that compares leaves in the logs if that fails.
std::string otherwise_of(const operation_id& id) {
  return text_of(id) + "-else";
}

std::vector<std::string> list_of(const bytes_ptr& bytes) {
  if (!bytes)
    return {};
  const auto typed = storage::decode_typed(*bytes);
  return std::get<storage::list_value>(*typed).elements;
}

std::string balance(std::int64_t amount) {
  return storage::encode_typed(storage::integer_value{amount});
}

std::int64_t amount_of(const bytes_ptr& bytes) {
  return std::get<storage::integer_value>(*storage::decode_typed(*bytes)).number;
}

} // namespace

two_phase_world::two_phase_world(std::uint64_t seed) : chance_(seed) {
  const std::vector<std::string> cuts{"", "b", "c", ""};
  for (std::size_t n = 0; n + 1 < cuts.size(); ++n) {
    auto& p = partitions_.emplace_back();
    p.first = cuts[n];
    p.last = cuts[n + 1];
    p.disk = std::make_unique<storage::memory_state_backend>();
    p.skew_ms = static_cast<std::int64_t>(draw(41)) - 20;
    open(p);
    p.latest = hlc_stamp::of(now_ms_, 0);
    p.machine->apply(batch_at(p.latest, {}, adopt_share{{1}, {{things, p.first, p.last}}}));
    transact opening;
    for (int account = 0; account < accounts_each; ++account)
      opening.then.push_back(put_step{things, std::string(1, static_cast<char>('a' + n)) + std::to_string(account),
                                      bytes(balance(opening_balance))});
    apply(p, write(1, n + 1, std::move(opening), 0, hlc_stamp::of(now_ms_ + 10'000, 0)), {});
  }
}

void two_phase_world::open(simulated_partition& p) {
  p.machine.reset(); // it ends before its table
  p.table = std::make_unique<storage::state>(*p.disk);
  p.machine = std::make_unique<partition::state_machine>(partition_id{1}, partition::session_limits{},
                                                         *p.table);
}

/// From what a checkpoint holds.
void two_phase_world::restart(simulated_partition& p) {
  p.machine->write_back();
  const auto frozen = p.table->freeze({{++p.checkpoints}, {1}, {}});
  (void)p.disk->write(**frozen);
  p.table->release_frozen();
  open(p);
  ++restarts;
}

simulated_partition& two_phase_world::partition_of(const std::string& key) {
  return *std::find_if(partitions_.rbegin(), partitions_.rend(),
                       [&](const auto& p) { return key >= p.first; });
}

hlc_stamp two_phase_world::clock_of(const simulated_partition& p) const {
  return hlc_stamp::of(
    static_cast<std::uint64_t>(static_cast<std::int64_t>(now_ms_) + p.skew_ms), 0);
}

/// In an entry of its own, stamped by the partition's clock above `above`.
answer two_phase_world::apply(simulated_partition& p, operation what, hlc_stamp above) {
  p.latest = hlc_stamp{std::max({clock_of(p).value, p.latest.value + 1, above.value + 1})};
  return p.machine->apply(batch_at(p.latest, {std::move(what)})).front();
}

// -- clients -----------------------------------------------------------------------------

std::optional<std::int64_t> two_phase_world::read(const std::string& key, hlc_stamp& version) {
  const auto said = partition_of(key).machine->read(get{things, key, false});
  if (said.code != error_code::ok)
    return std::nullopt;
  version = said.version;
  return amount_of(said.value);
}

void two_phase_world::begin_transfer() {
  begin_once({{100 + draw(3)}, {++last_number_}}, hlc_stamp::of(now_ms_, 0));
}

/// Moves money between accounts of two or three partitions, and leaves its name in the
/// log of each. Some compare what they have read, and leave word if it has changed.
bool two_phase_world::begin_once(operation_id id, hlc_stamp start) {
  client_record record{id, {}, {}, {}, std::nullopt};
  std::vector<std::size_t> order{0, 1, 2};
  std::swap(order[0], order[draw(3)]);
  std::swap(order[1], order[1 + draw(2)]);
  order.resize(2 + draw(2));
  begun what;
  std::vector<transact> parts(order.size());
  what.compares = chance(40);
  const auto amount = static_cast<std::int64_t>(1 + draw(5));
  for (std::size_t n = 0; n < order.size(); ++n) {
    const auto letter = std::string(1, static_cast<char>('a' + order[n]));
    const auto account = letter + std::to_string(draw(accounts_each));
    hlc_stamp version;
    const auto there = read(account, version);
    if (!there)
      return false; // locked: the client comes again
    const auto change = n == 0 ? -amount * static_cast<std::int64_t>(order.size() - 1) : amount;
    if (!what.compares) {
      parts[n].seen = {{things, account, version}};
    } else {
      parts[n].compare = {{things, account, relation::equal, version}};
      parts[n].otherwise = {append_in(letter + "-log", otherwise_of(id))};
    }
    parts[n].then = {put_step{things, account, bytes(balance(*there + change))},
                     append_in(letter + "-log", text_of(id))};
    record.accounts.push_back(account);
  }
  what.asked = write(id.client.value, id.number.value, transact{}, 0,
                     hlc_stamp::of(now_ms_ + 60'000, 0));
  what.terms = {id, {things, record.accounts[0]}, start,
                hlc_stamp::of(now_ms_ + transaction_ms, 0)};
  what.home_part = std::move(parts[0]);
  for (std::size_t n = 1; n < order.size(); ++n)
    what.others.push_back({{things, record.accounts[n]}, std::move(parts[n])});
  open_transfer(std::move(what), std::move(record));
  return true;
}

void two_phase_world::open_transfer(begun what, client_record record) {
  record.is_named = chance(40);
  records_.push_back(std::move(record));
  auto& opened = open_[records_.size() - 1];
  opened = {std::move(what), records_.size() - 1, 0, now_ms_ + 5'000};
  start_coordinator(opened);
}

/// Two at once, each of which claims something if the other's isn't there yet.
void two_phase_world::begin_claims() {
  const auto from = draw(3);
  const auto name = [&](std::size_t partition) {
    return std::string(1, static_cast<char>('a' + partition)) + "-claim"
           + std::to_string(last_number_ + 1);
  };
  const auto one = name(from);
  const auto other = name((from + 1 + draw(2)) % 3);
  begin_claim(one, other);
  begin_claim(other, one);
}

void two_phase_world::begin_claim(const std::string& compared, const std::string& claimed) {
  const operation_id id{{100 + draw(3)}, {++last_number_}};
  begun what;
  what.compares = true;
  what.asked = write(id.client.value, id.number.value, transact{}, 0,
                     hlc_stamp::of(now_ms_ + 60'000, 0));
  what.terms = {id, {things, claimed}, hlc_stamp::of(now_ms_, 0),
                hlc_stamp::of(now_ms_ + transaction_ms, 0)};
  what.home_part = doing({put_in(claimed, text_of(id))});
  transact there;
  there.compare = {{things, compared, relation::equal, hlc_stamp{}}};
  what.others = {{{things, compared}, std::move(there)}};
  open_transfer(std::move(what), {id, {}, compared, claimed, std::nullopt});
}

// -- holders of the lock -------------------------------------------------------------------

namespace {

const std::string lock_key = "b-lock";

} // namespace

template <class What>
operation two_phase_world::by_holder(What what) {
  return write(1, 100 + ++last_number_, std::move(what), 0, hlc_stamp::of(now_ms_ + 60'000, 0));
}

/// The one before gives the lock back, or its lease is over, whatever of it is under way.
void two_phase_world::begin_next_turn() {
  auto& home = partition_of(lock_key);
  const auto next = claim_id{turns_.size() + 1};
  const auto ask = [&](auto what) { return apply(home, by_holder(std::move(what)), {}); };
  const bool queues = chance(50);
  if (queues)
    ask(acquire_lock{things, lock_key, next, 1'000, true, "", nullptr});
  if (!turns_.empty() && chance(50)) {
    ask(release_lock{things, lock_key, turns_.back().claim});
  } else if (!turns_.empty()) {
    home.latest = hlc_stamp{std::max(clock_of(home).value, home.latest.value + 1)};
    const expire_claims over{{{{things, lock_key}, turns_.back().claim}}};
    home.machine->apply(batch_at(home.latest, {}, over));
  }
  turns_.push_back({next, {}, {}, false, {}});
}

/// True if all partitions know the token of the last turn.
bool two_phase_world::raise_everywhere() {
  auto& mine = turns_.back();
  for (auto& p : partitions_) {
    if (mine.told.contains(p.first))
      continue;
    auto asked = by_holder(raise_fence{things, p.first + "a"});
    asked.fence = std::make_shared<const lock_fence>(lock_fence{things, lock_key, mine.token});
    const auto said = apply(p, std::move(asked), mine.token);
    fences_met += said.holder != nullptr;
    if (said.code == error_code::ok)
      mine.told.insert(p.first);
  }
  return mine.told.size() == partitions_.size();
}

void two_phase_world::go_on_with_turn() {
  if (turns_.empty() || (turns_.back().has_begun && chance(3)))
    begin_next_turn();
  auto& mine = turns_.back();
  if (mine.has_begun)
    return;
  if (mine.token.value == 0) {
    const acquire_lock asked{things, lock_key, mine.claim, 1'000, true, "", nullptr};
    const auto said = apply(partition_of(lock_key), by_holder(asked), {});
    fences_met += said.holder != nullptr;
    if (said.code != error_code::ok || said.otherwise)
      return;
    mine.token = said.version;
  }
  if (!raise_everywhere())
    return;
  mine.has_begun = true;
  ++turns;
  for (const auto& [letter, tokens] : guarded_lists())
    mine.there[letter] = tokens.size();
}

/// Of the present holder, or of one before, who hasn't noticed.
void two_phase_world::begin_guarded() {
  std::vector<const turn*> held;
  for (const auto& each : turns_)
    if (each.token.value != 0)
      held.push_back(&each);
  if (held.empty())
    return;
  const auto& mine = *held[held.size() - 1 - std::min<std::size_t>(draw(3), held.size() - 1)];
  const operation_id id{{100 + draw(3)}, {++last_number_}};
  client_record record{id, {}, {}, {}, std::nullopt, true};
  std::vector<std::size_t> order{0, 1, 2};
  std::swap(order[0], order[draw(3)]);
  std::swap(order[1], order[1 + draw(2)]);
  order.resize(2 + draw(2));
  begun what;
  for (std::size_t n = 0; n < order.size(); ++n) {
    const auto letter = std::string(1, static_cast<char>('a' + order[n]));
    record.accounts.push_back(letter + "0");
    auto part = doing({append_in(letter + "-log", text_of(id)),
                       append_in(letter + "-guarded", std::to_string(mine.token.value))});
    if (n == 0)
      what.home_part = std::move(part);
    else
      what.others.push_back({{things, record.accounts[n]}, std::move(part)});
  }
  what.asked = write(id.client.value, id.number.value, transact{}, 0,
                     hlc_stamp::of(now_ms_ + 60'000, 0));
  what.asked.fence
    = std::make_shared<const lock_fence>(lock_fence{things, lock_key, mine.token});
  what.terms = {id, {things, record.accounts[0]}, hlc_stamp::of(now_ms_, 0),
                hlc_stamp::of(now_ms_ + transaction_ms, 0)};
  open_transfer(std::move(what), std::move(record));
}

std::map<std::string, std::vector<std::string>> two_phase_world::guarded_lists() const {
  std::map<std::string, std::vector<std::string>> all;
  for (std::size_t n = 0; n < partitions_.size(); ++n) {
    const auto letter = std::string(1, static_cast<char>('a' + n));
    const auto said = partitions_[n].machine->read(get{things, letter + "-guarded", true});
    all[letter] = list_of(said.value);
  }
  return all;
}

/// Past its deadline home decides no attempt any more, and whoever asks hears what it knows
/// under the name.
void two_phase_world::begin_attempt(transfer& of) {
  attempts += of.tries > 1;
  of.what.terms.id = {{200}, {++last_number_}};
  const auto& home = partition_of(of.what.terms.home.key);
  if (clock_of(home) <= of.what.terms.deadline)
    return;
  auto nothing = partition::refused_answer(error_code::transaction_conflict, "it is too late");
  on_client_answer(of.record, home.machine->answer_before(of.what.asked).value_or(nothing));
}

void two_phase_world::start_coordinator(transfer& of) {
  ++of.tries;
  if (const auto record = of.record; records_[record].is_named) {
    begin_attempt(of);
    if (!open_.contains(record))
      return;
  }
  const auto number = spawn(of.what.terms.id, of.record);
  hear(number, of.what);
}

void two_phase_world::on_client_answer(std::size_t record, const answer& said) {
  if (said.known == outcome::unknown && said.code != error_code::ok)
    return; // it asks again, under the same name
  open_.erase(record);
  records_[record].told = said;
}

/// Reads all accounts one by one, and then asks whether they still are as they were (P12).
void two_phase_world::audit() {
  std::int64_t sum = 0;
  std::map<const simulated_partition*, transact> looks;
  for (std::size_t n = 0; n < partitions_.size(); ++n)
    for (int account = 0; account < accounts_each; ++account) {
      const auto key = std::string(1, static_cast<char>('a' + n)) + std::to_string(account);
      hlc_stamp version;
      const auto there = read(key, version);
      if (!there)
        return;
      sum += *there;
      looks[&partition_of(key)].seen.push_back({things, key, version});
    }
  if (chance(50))
    advance(); // others go on between the reads and the validation
  for (const auto& [p, look] : looks)
    if (p->machine->read(look).code != error_code::ok)
      return;
  ++audits;
  if (sum != opening_balance * accounts_each * static_cast<std::int64_t>(partitions_.size()))
    wrong_audit_ = "an audit saw the sum " + std::to_string(sum);
}

// -- coordinators ------------------------------------------------------------------------

std::uint64_t two_phase_world::spawn(operation_id of, std::size_t client) {
  settings options;
  options.seed = splitmix64(chance_);
  options.prepare_ms = 200;
  options.decide_ms = 100;
  options.backoff_cap_ms = 50;
  const auto number = ++last_coordinator_;
  auto [made, fresh] = coordinators_.emplace(number, coordinator{options});
  made->second.of = of;
  made->second.client = client;
  return number;
}

void two_phase_world::hear(std::uint64_t number, event_kind what) {
  const auto found = coordinators_.find(number);
  if (found == coordinators_.end())
    return;
  effects out;
  found->second.machine.step({now_ms_, std::move(what)}, out);
  for (auto& effect : out) {
    if (faults_ && chance(2)) { // dies here: what it has not done yet is never done
      ++crashes;
      coordinators_.erase(number);
      return;
    }
    if (auto* asks = std::get_if<ask>(&effect)) {
      pushes += std::holds_alternative<push>(asks->what.what);
      message one{now_ms_ + 1 + draw(30), number, std::move(*asks), false};
      if (faults_ && chance(10)) {
        auto copy = one;
        copy.at_ms += draw(600);
        copy.is_copy = true;
        mail_.push_back(std::move(copy));
      }
      mail_.push_back(std::move(one));
    } else if (auto* said = std::get_if<answer_client>(&effect)) {
      // The answer may be lost on its way, like any other.
      if (found->second.client != no_client && !(faults_ && chance(5)))
        on_client_answer(found->second.client, said->what);
    } else {
      coordinators_.erase(number);
      return;
    }
  }
}

bool two_phase_world::is_driven(const operation_id& id) const {
  return std::any_of(coordinators_.begin(), coordinators_.end(),
                     [&](const auto& one) { return one.second.of == id; });
}

/// What a leader does for what it finds: decisions that somebody may not know, and locks
/// whose time is over (P8).
void two_phase_world::find_what_was_left() {
  for (auto& p : partitions_) {
    for (const auto& decision : p.machine->transactions().undriven())
      if (const operation_id id{decision.client, decision.number}; !is_driven(id)) {
        transaction_terms terms{id, {things, p.first + "?"}, {}, decision.deadline};
        if (p.first.empty())
          terms.home.key = "a?";
        hear(spawn(id, no_client), drive{terms, decision});
      }
    for (const auto& [id, lock] : p.machine->transactions().locks().all())
      if (lock.deadline < clock_of(p) && !is_driven(id)) {
        const auto key = !lock.writes.empty()  ? lock.writes.front().where.key
                         : !lock.reads.empty() ? lock.reads.front().key
                                               : p.first + "a?";
        hear(spawn(id, no_client), doubt{partition::terms_of(lock), {things, key}});
        break; // the records may have changed
      }
  }
}

// -- time --------------------------------------------------------------------------------

/// One, or several that have been joined.
void two_phase_world::deliver(const std::vector<message>& all) {
  const auto tell = [&](auto what) {
    for (const auto& each : all)
      if (!each.is_copy)
        hear(each.coordinator, what(each));
  };
  const auto lose = [&] { tell([](const message& each) { return lost{each.what.ticket}; }); };
  if (faults_ && chance(4))
    return lose();
  auto& p = partition_of(all.front().what.where.key);
  operation what = all.front().what.what;
  hlc_stamp above;
  for (const auto& each : all) {
    if (&each != &all.front())
      join(what, each.what.what);
    if (const auto* decision = std::get_if<resolve>(&each.what.what.what);
        decision && (all.size() == 1 || chance(80))) // some leaders don't look
      above = std::max(above, decision->stamp);
    else if (const auto* decided = std::get_if<decide>(&each.what.what.what);
             decided && chance(80))
      for (const auto& other : decided->others)
        above = std::max(above, other.stamp);
  }
  const auto said = apply(p, what, above);
  waits += said.holder != nullptr;
  joined += static_cast<int>(all.size() - 1);
  if (faults_ && chance(4))
    return lose(); // the answer
  tell([&](const message& each) { return answered{each.what.ticket, said}; });
}

void two_phase_world::advance() {
  now_ms_ += 1 + draw(5);
  std::vector<message> due;
  for (auto& each : mail_)
    if (each.at_ms <= now_ms_)
      due.push_back(each);
  std::erase_if(mail_, [&](const message& m) { return m.at_ms <= now_ms_; });
  std::map<std::string, std::vector<message>> together; ///< by their partition's first key
  for (auto& each : due)
    if (each.what.may_join && chance(70))
      together[partition_of(each.what.where.key).first].push_back(std::move(each));
    else
      deliver({each});
  for (const auto& [first, all] : together)
    deliver(all);
  std::vector<std::uint64_t> wake;
  for (auto& [number, one] : coordinators_)
    if (const auto at = one.machine.next_wake(); at && *at <= now_ms_)
      wake.push_back(number);
  for (const auto number : wake)
    hear(number, time_passed{});
  for (auto& p : partitions_)
    if (faults_ && draw(1000) < 5)
      restart(p);
  find_what_was_left();
  // Who has waited too long asks again, under the same name.
  std::vector<std::size_t> late;
  for (const auto& [record, one] : open_)
    if (!is_driven(one.what.terms.id) || (records_[record].is_named && chance(10)))
      late.push_back(record);
  for (const auto record : late)
    if (auto found = open_.find(record); found != open_.end() && chance(10))
      start_coordinator(found->second);
}

void two_phase_world::run(int transfers) {
  for (int begun_so_far = 0; begun_so_far < transfers;) {
    advance();
    if (open_.size() < 4 && chance(30)) {
      begin_transfer();
      ++begun_so_far;
    }
    if (open_.size() < 4 && chance(6))
      begin_claims();
    go_on_with_turn();
    if (open_.size() < 4 && chance(15))
      begin_guarded();
    if (chance(30))
      audit();
  }
  faults_ = false;
  const auto end = now_ms_ + longest_ms;
  const auto is_busy = [&] {
    return !open_.empty() || !coordinators_.empty() || !mail_.empty()
           || std::any_of(partitions_.begin(), partitions_.end(), [](const auto& p) {
                return !p.machine->transactions().locks().is_empty();
              });
  };
  while (is_busy() && now_ms_ < end)
    advance();
  // Past all deadlines the ends are forgotten as well.
  now_ms_ += 10 * transaction_ms;
  for (auto& p : partitions_)
    apply(p, write(1, 100 + ++last_number_, doing({put_in(p.first + "a-end", "")}), 0,
                   hlc_stamp::of(now_ms_ + 10'000, 0)),
          {});
  audit();
  for (const auto& each : records_) {
    if (!each.told)
      ++unknown;
    else
      ++(each.told->code == error_code::ok ? committed : aborted);
    named += each.told && each.told->code == error_code::ok && each.is_named;
    guarded += each.told && each.told->code == error_code::ok && each.is_guarded;
    fenced += each.told && each.told->code == error_code::fenced;
    claims += each.told && each.told->code == error_code::ok && !each.claimed.empty();
    others_taken += each.told && each.told->code == error_code::ok && each.told->otherwise;
  }
}

// -- what must hold ----------------------------------------------------------------------

std::string two_phase_world::torn() const {
  std::map<std::string, std::multiset<std::string>> logs;
  for (std::size_t n = 0; n < partitions_.size(); ++n) {
    const auto letter = std::string(1, static_cast<char>('a' + n));
    const auto said = partitions_[n].machine->read(get{things, letter + "-log", true});
    for (auto& each : list_of(said.value))
      logs[letter].insert(std::move(each));
  }
  for (const auto& each : records_) {
    if (each.accounts.empty())
      continue;
    std::set<std::pair<std::size_t, std::size_t>> counts; // by its first branch, and its second
    for (const auto& account : each.accounts) {
      const auto& log = logs[account.substr(0, 1)];
      counts.emplace(log.count(text_of(each.id)), log.count(otherwise_of(each.id)));
    }
    const auto [first, second] = *counts.begin();
    if (counts.size() != 1 || first + second > 1)
      return text_of(each.id) + " took effect in part, or twice";
    const bool is_done = each.told && each.told->code == error_code::ok;
    if (each.told && (is_done != (first + second == 1) || each.told->otherwise != (second == 1)))
      return text_of(each.id) + " was told "
             + std::string{traits_of(each.told->code).name}
             + (each.told->otherwise ? " by its second branch" : "") + ", and took effect "
             + std::to_string(first) + " and " + std::to_string(second) + " times";
  }
  return {};
}

std::string two_phase_world::wrong_sum() const {
  if (!wrong_audit_.empty())
    return wrong_audit_;
  std::int64_t sum = 0;
  for (std::size_t n = 0; n < partitions_.size(); ++n)
    for (int account = 0; account < accounts_each; ++account) {
      const auto key = std::string(1, static_cast<char>('a' + n)) + std::to_string(account);
      sum += amount_of(partitions_[n].machine->read(get{things, key, true}).value);
    }
  const auto wanted = opening_balance * accounts_each * static_cast<std::int64_t>(partitions_.size());
  return sum == wanted ? std::string{} : "the accounts have " + std::to_string(sum) + " together";
}

std::string two_phase_world::both_claimed() const {
  for (std::size_t n = 0; n + 1 < records_.size(); ++n) {
    const auto& one = records_[n];
    const auto& other = records_[n + 1];
    if (one.claimed.empty() || one.claimed != other.compared || one.compared != other.claimed)
      continue;
    const auto is_there = [&](const client_record& of) {
      const auto& p = *std::find_if(partitions_.rbegin(), partitions_.rend(),
                                    [&](const auto& each) { return of.claimed >= each.first; });
      return p.machine->read(get{things, of.claimed, true}).code == error_code::ok;
    };
    if (is_there(one) && is_there(other))
      return text_of(one.id) + " and " + text_of(other.id)
             + " each found absent what the other wrote";
    const bool both_done = one.told && other.told && one.told->code == error_code::ok
                           && other.told->code == error_code::ok;
    if (both_done && !is_there(one) && !is_there(other))
      return text_of(one.id) + " and " + text_of(other.id)
             + " each found there what the other never wrote";
  }
  return {};
}

/// P10, P14: from when a holder of the lock began on, only what comes under its token or a
/// later one.
std::string two_phase_world::overtaken() const {
  const auto lists = guarded_lists();
  for (const auto& mine : turns_)
    for (const auto& [letter, count] : mine.there)
      for (std::size_t place = count; place < lists.at(letter).size(); ++place)
        if (std::stoull(lists.at(letter)[place]) < mine.token.value)
          return "something under the token " + lists.at(letter)[place] + " came after "
                 + std::to_string(mine.token.value) + " had begun";
  return {};
}

/// Whoever is in two logs is before the same others in both: the order is one.
std::string two_phase_world::crossed() const {
  std::vector<std::map<std::string, std::size_t>> places;
  for (std::size_t n = 0; n < partitions_.size(); ++n) {
    const auto letter = std::string(1, static_cast<char>('a' + n));
    const auto said = partitions_[n].machine->read(get{things, letter + "-log", true});
    auto& place = places.emplace_back();
    for (auto& each : list_of(said.value))
      place.emplace(std::move(each), place.size());
  }
  for (std::size_t a = 0; a < places.size(); ++a)
    for (std::size_t b = a + 1; b < places.size(); ++b) {
      std::map<std::size_t, std::string> both; // by the place in a
      for (const auto& [name, place] : places[a])
        if (places[b].contains(name))
          both.emplace(place, name);
      std::size_t before = 0;
      for (const auto& [place, name] : both) {
        if (places[b].at(name) < before)
          return name + " stands in two orders";
        before = places[b].at(name);
      }
    }
  return {};
}

std::string two_phase_world::left_over() const {
  if (!coordinators_.empty() || !mail_.empty())
    return "a coordinator is never done";
  for (const auto& p : partitions_) {
    if (!p.machine->transactions().locks().is_empty())
      return "a lock is never resolved";
    if (!p.machine->transactions().undriven().empty())
      return "a decision is never driven to its end";
  }
  return {};
}

std::string two_phase_world::violation() const {
  for (auto found : {torn(), wrong_sum(), crossed(), both_claimed(), overtaken(), left_over()})
    if (!found.empty())
      return found;
  return {};
}

} // namespace present::transaction::test
