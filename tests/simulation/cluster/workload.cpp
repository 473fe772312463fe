#include "tests/simulation/cluster/workload.hpp"

#include "tests/simulation/cluster/workload_driver.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <array>

namespace present::simulation::cluster {

namespace {

constexpr std::size_t keys = 8;
const std::array<std::string, 2> lasting_spaces{"alpha", "beta"};
const std::array<std::string, 2> passing_spaces{"gamma", "delta"};

} // namespace

workload::workload(surroundings& world, std::vector<client_host*> hosts,
                   std::vector<client_finder> nodes)
    : world_(world), history_(world.oracle), lists_(world.oracle, world.random),
      fenced_(world.oracle, world.random), ruled_(world.oracle, world.random),
      driver_(std::make_unique<driver>(world)) {
  history_.set_passing_spaces({passing_spaces.begin(), passing_spaces.end()});
  const auto add = [this](client_host* host, std::size_t place, client_finder find) {
    slots_.push_back({host, place, std::move(find), static_cast<std::uint32_t>(slots_.size())});
  };
  for (auto* host : hosts)
    for (std::size_t place = 0; place < host->clients().size(); ++place)
      add(host, place, [host, place] {
        return host->life()->is_alive() ? host->clients()[place] : client::client_actor{};
      });
  for (auto& find : nodes)
    add(nullptr, 0, std::move(find));
  longest_pause_ = world_.random.between(5, 60) * ms;
}

bool workload::is_idle() const {
  return drives_ == 0 && history_.open() == 0
         && std::all_of(sources_.begin(), sources_.end(),
                        [](const auto* source) { return source->open() == 0; });
}

workload::~workload() {
  world_.actors.end(*driver_->life);
}

void workload::drive_caller(std::function<void()> what) {
  ++drives_;
  caf::anon_send(driver_->handle, drive{[this, what = std::move(what)] {
                   --drives_;
                   what();
                 }});
}

// -- turns -------------------------------------------------------------------------

void workload::begin() {
  asking_ = true;
  std::vector<create_space> wanted;
  for (const auto& name : lasting_spaces) {
    wanted.push_back({name, 0, {}});
    if (world_.random.chance(700))
      wanted.back().split_at = {"key2", "key5"};
  }
  for (const auto* source : sources_)
    for (auto& each : source->spaces())
      wanted.push_back(std::move(each));
  spaces_wanted_ = wanted.size();
  for (const auto& each : wanted)
    make_space(each);
}

void workload::begin_calm() {
  asking_ = calm_ = true;
  pairs_before_calm_ = fenced_.pairs_written();
  for (std::size_t who = 0; who < slots_.size(); ++who) {
    auto& slot = slots_[who];
    slot.calm_reads = slot.calm_writes = slot.calm_transactions = 0;
    ++slot.lives; // no turn of before
    schedule(who);
  }
}

/// Again and again until it is there: no answer may mean anything.
void workload::make_space(const create_space& what) {
  drive_caller([this, what] {
    const auto id = history_.called(0, what, patience_ms, world_.time.now());
    driver_->self
      ->request(slots_.front().find(), caf::infinite,
                client::timed_call{what, patience_ms})
      .then([this, what, id](const client::outcome_of_call& how) {
        history_.answered(id, how, world_.time.now());
        const auto code = how.problem.code;
        if (code != error_code::ok && code != error_code::version_conflict) {
          make_space(what);
        } else if (++spaces_made_ == spaces_wanted_) {
          for (std::size_t who = 0; who < slots_.size(); ++who)
            schedule(who);
        }
      });
  });
}

void workload::crashed(client_host& host) {
  for (auto& slot : slots_)
    if (slot.host == &host) {
      ++slot.lives;
      for (const auto id : std::exchange(slot.open, {}))
        history_.lost(id);
      for (const auto& [source, id] : std::exchange(slot.open_transactions, {}))
        sources_[source]->lost(id);
      slot.lock = slot::wish::none;
    }
}

void workload::restarted(client_host& host) {
  for (std::size_t who = 0; who < slots_.size(); ++who)
    if (slots_[who].host == &host)
      schedule(who);
}

void workload::schedule(std::size_t who) {
  const auto pause = calm_ ? 20 * ms : world_.random.below(longest_pause_);
  world_.time.after(pause, [this, who, life = slots_[who].lives] {
    drive_caller([this, who, life] { turn(who, life); });
  });
}

/// Unless another life has begun since.
void workload::go_on(std::size_t who, std::uint64_t life) {
  if (slots_[who].lives == life)
    schedule(who);
}

void workload::turn(std::size_t who, std::uint64_t life) {
  auto& slot = slots_[who];
  if (!asking_ || slot.lives != life || slot.is_forgotten)
    return;
  if (is_transactions_turn(slot))
    return begin_transaction(who, life);
  if (calm_) {
    ask(who, next_calm_call(slot), calm_patience_ms, true);
    return;
  }
  const auto patience = world_.random.chance(300)
                          ? world_.random.between(20, 500)
                          : world_.random.between(500, patience_ms);
  ask(who, next_call(), static_cast<std::uint32_t>(patience), true);
}

void workload::ask(std::size_t who, client::call_kind what, std::uint32_t deadline_ms,
                   bool goes_on) {
  auto& slot = slots_[who];
  const auto whom = slot.find();
  if (!whom) {
    if (goes_on)
      schedule(who);
    return;
  }
  const bool is_write = client::is_write(what);
  // A machine that stands still keeps its client waiting.
  const bool is_punctual = slot.host && !world_.weather.pauses_clients;
  const auto id
    = history_.called(slot.number, what, is_punctual ? deadline_ms : 0, world_.time.now());
  slot.open.insert(id);
  driver_->self->request(whom, caf::infinite, client::timed_call{std::move(what), deadline_ms})
    .then(
      [this, who, id, is_write, goes_on, life = slot.lives](
        const client::outcome_of_call& how) {
        if (slots_[who].open.erase(id) == 0)
          return; // of a client that has died
        on_answer(who, id, is_write, how);
        if (goes_on)
          go_on(who, life);
      },
      [this, who, id, goes_on, life = slot.lives](const caf::error&) {
        if (slots_[who].open.erase(id) == 0)
          return;
        history_.lost(id);
        if (goes_on)
          go_on(who, life);
      });
}

void workload::on_answer(std::size_t who, client_history::ticket id, bool is_write,
                         const client::outcome_of_call& how) {
  history_.answered(id, how, world_.time.now());
  const bool served
    = how.problem.code == error_code::ok || how.problem.code == error_code::not_found;
  if (!served)
    slots_[who].last_problem = std::string{traits_of(how.problem.code).name} + ": "
                               + how.problem.message;
  if (calm_ && served)
    ++(is_write ? slots_[who].calm_writes : slots_[who].calm_reads);
}

std::uint64_t workload::least_calm_successes() const {
  std::uint64_t least = UINT64_MAX;
  for (const auto& slot : slots_)
    if (!slot.is_forgotten)
      least = std::min({least, slot.calm_reads, slot.calm_writes, 2 * slot.calm_transactions});
  return least;
}

std::string workload::those_below(std::uint64_t successes) const {
  std::string words;
  for (const auto& slot : slots_)
    if (!slot.is_forgotten && std::min({slot.calm_reads, slot.calm_writes, 2 * slot.calm_transactions}) < successes)
      words += "\n    client " + std::to_string(slot.number) + ": "
               + std::to_string(slot.calm_reads) + " reads, "
               + std::to_string(slot.calm_writes) + " writes, "
               + std::to_string(slot.calm_transactions) + " transactions; last "
               + slot.last_problem;
  return words;
}

void workload::forget_node(std::size_t place) {
  for (auto& slot : slots_)
    if (!slot.host && place-- == 0)
      slot.is_forgotten = true;
}

void workload::administer(client::call_kind what, told tell) {
  drive_caller([this, what = std::move(what), tell = std::move(tell)] {
    const auto whom = slots_.front().find();
    if (!whom)
      return;
    driver_->self->request(whom, caf::infinite, client::timed_call{what, patience_ms})
      .then([tell](const client::outcome_of_call& how) {
              tell(how.problem.code == error_code::ok);
            },
            [](const caf::error&) {});
  });
}

void workload::flood(std::size_t calls) {
  drive_caller([this, calls] {
    const auto who = world_.random.below(slots_.size());
    for (std::size_t call = 0; call < calls; ++call)
      ask(who, client::get_call{lasting_spaces[0], some_key()}, patience_ms, false);
  });
}

void workload::read_all() {
  drive_caller([this] {
    for (const auto& space : lasting_spaces)
      for (std::size_t who = 0; who < slots_.size(); ++who)
        ask(who, client::scan_call{space, "", "", 0, false}, calm_patience_ms, false);
  });
  look_at_all();
}

// -- calls -------------------------------------------------------------------------

std::string workload::some_key() {
  return "key" + std::to_string(world_.random.below(keys));
}

bytes_ptr workload::fresh_value() {
  auto value = "v" + std::to_string(++values_);
  const auto large = world_.random.chance(150);
  const auto padding
    = large ? world_.random.below(world_.weather.bulk_bytes) : world_.random.below(64);
  value += '|';
  value.append(padding, 'x');
  return std::make_shared<const std::string>(std::move(value));
}

client::call_kind workload::next_call() {
  auto& random = world_.random;
  const auto space = lasting_spaces[random.below(lasting_spaces.size())];
  const auto pick = random.below(1000);
  if (pick < 350)
    return client::get_call{space, some_key()};
  if (pick < 430) {
    client::scan_call page{space, "", "", 0, false};
    if (random.chance(500))
      page.first = some_key();
    if (random.chance(500))
      page.last = some_key();
    page.limit = random.chance(500) ? static_cast<std::uint32_t>(random.between(1, 5)) : 0;
    page.keys_only = false;
    return page;
  }
  if (pick < 460) {
    const auto name = passing_spaces[random.below(passing_spaces.size())];
    if (random.chance(500))
      return create_space{name, random.chance(500) ? 3U : 0U, {}};
    return drop_space{name};
  }
  if (pick < 480)
    return next_write(passing_spaces[random.below(passing_spaces.size())], some_key());
  if (pick < 490)
    return next_wrong_call();
  return next_write(space, some_key());
}

client::call_kind workload::next_write(const std::string& space, const std::string& key) {
  auto& random = world_.random;
  condition when = always{};
  const auto pick = random.below(1000);
  if (pick < 250) {
    if (const auto seen = history_.seen_version(space, key); seen.value != 0)
      when = if_version{seen};
  } else if (pick < 350) {
    when = if_absent{};
  }
  if (!std::holds_alternative<if_absent>(when) && random.chance(150))
    return client::remove_call{space, key, when};
  return client::put_call{space, key, fresh_value(), when};
}

client::call_kind workload::next_wrong_call() {
  if (world_.random.chance(500))
    return client::get_call{"nowhere", some_key()};
  return client::put_call{lasting_spaces[0], std::string(500, 'k'), fresh_value(), always{}};
}

client::call_kind workload::next_calm_call(const slot& who) {
  const auto turns = who.calm_reads + who.calm_writes;
  const auto& space = lasting_spaces[turns / 2 % lasting_spaces.size()];
  const auto key = "key" + std::to_string((who.number + turns / 4) % keys);
  if (turns % 2 == 0)
    return client::get_call{space, key};
  return client::put_call{space, key,
                          std::make_shared<const std::string>("v" + std::to_string(++values_)),
                          always{}};
}

} // namespace present::simulation::cluster
