#include "tests/actors/partition/locking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// Locks as one would write them down without a thought for anything else, and what
/// must hold of them.
struct naive_lock {
  std::deque<std::uint64_t> queue; ///< its holder first
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
  }

private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  static std::string name(std::uint64_t lock) { return "lock " + std::to_string(lock); }

  void step() {
    const auto lock = pick(3);
    const auto claim = 1 + pick(6);
    auto& model = locks_[lock];
    const auto there = std::find(model.queue.begin(), model.queue.end(), claim);
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
    const auto given = p_.apply(acquiring(claim, name(lock), wait));
    const auto place = static_cast<std::size_t>(
      std::find(model.queue.begin(), model.queue.end(), claim) - model.queue.begin());
    const bool is_new = place == model.queue.size();
    if (is_new && !model.queue.empty() && !wait) {
      CHECK(given.code == error_code::version_conflict);
      return;
    }
    if (is_new)
      model.queue.push_back(claim);
    if (model.queue.size() == 1 && is_new)
      grant(model);
    CHECK(given.code == error_code::ok);
    CHECK(given.otherwise == (model.queue.front() != claim));
    if (!given.otherwise)
      CHECK(given.version == model.token);
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
};

} // namespace

TEST_CASE("whatever happens to locks, tokens grow, one claim holds, turns are kept, "
          "and no write passes under another's token (L1 to L5)") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    lock_oracle{seed}.run(400);
  }
}
