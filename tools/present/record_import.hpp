#pragma once

#include "actors/client/batch.hpp"
#include "actors/client/record_lines.hpp"
#include "runtime/base/error.hpp"
#include "runtime/resilience/backoff.hpp"

#include <cstdint>
#include <functional>
#include <istream>
#include <set>
#include <string>
#include <vector>

namespace present::tools {

/// Writes the records of a JSON-lines file, many in one round. What is refused for now
/// (`overloaded`, no leader yet) is tried again with backoff, as long as a minute
/// brings something in; what is wrong, or of unknown outcome, ends it with the line's
/// place. Lines of one key are written in their order.
class record_import {
public:
  /// What it works with; tests give their own.
  struct doors {
    std::function<std::vector<result<batch_answer>>(batch)> write;
    std::function<void(std::uint32_t wait_ms)> pause;
    std::function<void(std::size_t records)> progress;
  };

  static constexpr std::size_t batch_records = 256;
  static constexpr std::size_t batch_bytes = 1 << 20; ///< about; one record always fits
  static constexpr std::uint64_t patience_ms = 60'000; ///< of waiting without any success

  /// `name` is what errors call the file.
  record_import(std::string space, std::string name, doors through, std::uint64_t seed);

  /// How many records are in.
  result<std::size_t> run(std::istream& from);

private:
  struct line {
    std::string place;
    client::record what;
  };

  status add(const std::string& text, std::size_t number);
  status flush();
  /// What is to be tried again; the error is that of the first that isn't.
  result<std::vector<line>> write(const std::vector<line>& lines);
  error with_place(const line& of, error problem) const;

  const std::string space_;
  const std::string name_;
  const doors through_;
  resilience::backoff backoff_;
  std::vector<line> gathered_;
  std::set<std::string> keys_; ///< of those
  std::size_t bytes_ = 0;
  std::size_t imported_ = 0;
  std::uint64_t waited_ms_ = 0; ///< since something came in
  error last_;                  ///< why it waits
};

} // namespace present::tools
