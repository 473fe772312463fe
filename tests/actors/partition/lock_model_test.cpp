#include "tests/actors/partition/locking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>
#include <utility>
#include <vector>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// Locks as one would write them down without a thought for anything else, and what
/// must hold of them.
struct naive_lock {
  std::deque<std::uint64_t> queue; ///< its holder first
  std::map<std::uint64_t, std::uint64_t> of; ///< by claim, of some: the session it goes with
  hlc_stamp token;
  hlc_stamp highest; ///< that was ever granted
};

class lock_oracle {
public:
  explicit lock_oracle(std::uint32_t seed) : random_(seed) {}

  void run(int steps) {
    for (int n = 0; n < steps; ++n) {
      step();
      look();
      if (pick(40) == 0)
        p_.restart();
    }
    CHECK(granted_ > steps / 20);
    CHECK(refused_ > steps / 40);
    CHECK(ended_ > 0);
  }

private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  static std::string name(std::uint64_t lock) { return "lock " + std::to_string(lock); }

  void step() {
    const auto lock = pick(3);
    const auto claim = 1 + pick(6);
    auto& model = locks_[lock];
    const auto there = std::find(model.queue.begin(), model.queue.end(), claim);
    if (pick(25) == 0) {
      end_session_of(pick(3));
      return;
    }
    switch (pick(6)) {
      case 0:
      case 1:
        acquire(lock, claim, pick(4) != 0);
        return;
      case 2:
        CHECK((p_.apply(releasing(claim, name(lock))).code == error_code::ok)
              == (there != model.queue.end()));
        take_out(model, {claim});
        return;
      case 3: {
        const std::vector<std::uint64_t> gone{claim, 1 + pick(6)};
        p_.log(expire_claims{{claim_of(gone[0], name(lock)), claim_of(gone[1], name(lock))}});
        take_out(model, gone);
        return;
      }
      default:
        write_under(lock);
    }
  }

  void acquire(std::uint64_t lock, std::uint64_t claim, bool wait) {
    auto& model = locks_[lock];
    const auto session = sessions_[pick(3)];
    auto asked = acquiring(claim, name(lock), wait);
    asked.of_session = pick(2) == 0;
    const auto given = p_.apply(write(session, ++number_, asked));
    const auto place = static_cast<std::size_t>(
      std::find(model.queue.begin(), model.queue.end(), claim) - model.queue.begin());
    const bool is_new = place == model.queue.size();
    if (is_new && !model.queue.empty() && !wait) {
      CHECK(given.code == error_code::version_conflict);
      return;
    }
    if (is_new)
      model.queue.push_back(claim);
    model.of[claim] = asked.of_session ? session : 0;
    if (model.queue.size() == 1 && is_new)
      grant(model);
    CHECK(given.code == error_code::ok);
    CHECK(given.otherwise == (model.queue.front() != claim));
    if (!given.otherwise)
      CHECK(given.version == model.token);
  }

  /// Its claims go, whoever else's stay; what it asks for later is refused.
  void end_session_of(std::uint64_t place) {
    const auto session = std::exchange(sessions_[place], ++last_session_);
    CHECK(p_.apply(write(session, ++number_, end_session{things, "any"})).code == error_code::ok);
    for (auto& [lock, model] : locks_) {
      std::vector<std::uint64_t> gone;
      for (const auto claim : model.queue)
        if (model.of[claim] == session)
          gone.push_back(claim);
      take_out(model, gone);
      ended_ += static_cast<int>(gone.size());
    }
    auto late = acquiring(7, name(pick(3)));
    late.of_session = true;
    CHECK(p_.apply(write(session, ++number_, late)).code == error_code::session_expired);
  }

  void take_out(naive_lock& model, const std::vector<std::uint64_t>& claims) {
    if (model.queue.empty())
      return;
    const auto held = model.queue.front();
    std::erase_if(model.queue, [&](std::uint64_t each) {
      return std::find(claims.begin(), claims.end(), each) != claims.end();
    });
    if (!model.queue.empty() && model.queue.front() != held)
      grant(model);
  }

  /// Tokens grow and never repeat.
  void grant(naive_lock& model) {
    model.token = p_.last_stamp();
    CHECK(model.token > model.highest);
    model.highest = model.token;
    tokens_.push_back(model.token);
    ++granted_;
  }

  /// Under any token that ever was: applied if and only if it is the present one.
  void write_under(std::uint64_t lock) {
    if (tokens_.empty())
      return;
    const auto& model = locks_[lock];
    const auto token = pick(2) == 0 ? model.highest : tokens_[pick(tokens_.size())];
    const bool holds = !model.queue.empty() && token == model.token;
    const auto given
      = p_.apply(under(write(9, ++number_, put_of("guarded", "v")), token, name(lock)));
    CHECK(given.code == (holds ? error_code::ok : error_code::fenced));
    refused_ += holds ? 0 : 1;
  }

  /// At most one claim holds each lock: the one whose turn it is.
  void look() {
    for (const auto& [lock, model] : locks_)
      for (std::uint64_t claim = 1; claim <= 6; ++claim) {
        const auto found = p_.machine().read(keep_lock{things, name(lock), {claim}, 0});
        const bool is_there
          = std::find(model.queue.begin(), model.queue.end(), claim) != model.queue.end();
        CHECK((found.code == error_code::ok) == is_there);
        if (is_there)
          CHECK(found.otherwise == (model.queue.front() != claim));
      }
  }

  std::mt19937 random_;
  applied_partition p_;
  std::map<std::uint64_t, naive_lock> locks_;
  std::vector<hlc_stamp> tokens_;
  std::uint64_t number_ = 0;
  int granted_ = 0;
  int refused_ = 0;
  int ended_ = 0; ///< claims, with their sessions
  std::array<std::uint64_t, 3> sessions_{21, 22, 23};
  std::uint64_t last_session_ = 23;
};

} // namespace

TEST_CASE("whatever happens to locks, tokens grow, one claim holds, turns are kept, "
          "and no write passes under another's token (L1 to L6)") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    lock_oracle{seed}.run(400);
  }
}
