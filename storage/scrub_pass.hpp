#pragma once

#include "storage/digest.hpp"

#include <optional>

/// A pass of `state_backend::scrub`, once for the disk and for its twin: what the
/// rows that were read so far add up to, kept right while checkpoints change rows
/// behind its back. std only.
///
/// I1  `sum` is that of the stored rows below `position`, damaged ones left out.
namespace present::storage {

class scrub_pass {
public:
  /// Where the next step starts reading.
  const record_key& position() const { return position_; }

  /// The next row is sound; `row` is its digest.
  void on_row(const record_key& key, std::uint64_t row);

  /// The next row is damaged.
  void on_damaged(const record_key& key);

  /// A checkpoint replaces a row: digests before and after, where there is one.
  void on_change(const record_key& key, std::optional<std::uint64_t> before,
                 std::optional<std::uint64_t> after);

  /// All rows were read: which buckets don't add up. A new pass begins.
  std::vector<std::uint16_t> on_end(const state_digest& written);

private:
  record_key position_ = record_key::start_of(record_kind::partition);
  state_digest sum_;
};

} // namespace present::storage
