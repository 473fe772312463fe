#include "storage/scrub_pass.hpp"

#include "storage/mutant.hpp"
#include "storage/state_backend.hpp"

#include <utility>

namespace present::storage {

void scrub_pass::on_row(const record_key& key, std::uint64_t row) {
  sum_.change(key, std::nullopt, row);
  position_ = key.successor();
}

void scrub_pass::on_damaged(const record_key& key) {
  position_ = key.successor();
}

void scrub_pass::on_change(const record_key& key,
                           std::optional<std::uint64_t> before,
                           std::optional<std::uint64_t> after) {
  if (key < position_)
    sum_.change(key, before, after);
}

std::vector<std::uint16_t> scrub_pass::on_end(const state_digest& written) {
  const auto sums = std::exchange(*this, scrub_pass{}).sum_;
  if (mutated(mutant::skip_bucket_sums))
    return {};
  return sums.differing(written);
}

status verify(state_backend& backend) {
  constexpr std::size_t rows_a_step = 10'000;
  std::size_t damaged = 0;
  while (true) {
    auto step = backend.scrub(rows_a_step);
    if (!step)
      return step.problem();
    damaged += step->damaged.size();
    if (!step->pass_complete)
      continue;
    if (damaged == 0 && step->is_clean())
      return success();
    return make_error(error_code::damaged,
                      "the state isn't as it was written: "
                        + std::to_string(damaged) + " records fail their check, "
                        + std::to_string(step->wrong_buckets.size()) + " of "
                        + std::to_string(state_digest::buckets)
                        + " buckets don't add up; fetch it from the peers");
  }
}

} // namespace present::storage
