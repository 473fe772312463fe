#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What targets share: an input in its parts, and promises that end the process.
namespace present::fuzz {

/// A sanitizer, libFuzzer and `replay_main` all take an abort for a finding.
inline void must(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/// A first byte that chooses, and the bytes that are read: in memory of exactly
/// their size, so that the address sanitizer sees a read behind them.
class input {
public:
  input(const std::uint8_t* data, std::size_t size)
    : choice_{size > 0 ? data[0] : std::uint8_t{0}},
      rest_(data + (size > 0 ? 1 : 0), data + size) {}

  unsigned choice_of(unsigned choices) const { return choice_ % choices; }
  std::string_view rest() const { return {rest_.data(), rest_.size()}; }

private:
  std::uint8_t choice_;
  std::vector<char> rest_;
};

inline std::string chosen(unsigned choice, std::string_view rest) {
  return std::string(1, static_cast<char>(choice)) + std::string{rest};
}

/// A refusal names a code that the decoder's header promises, and says something.
inline void must_explain(const error& problem) {
  must(problem.code == error_code::damaged || problem.code == error_code::invalid
         || problem.code == error_code::too_large,
       "bytes are refused as damaged, invalid or too large");
  must(!problem.message.empty(), "a refusal says why");
}

/// `decode(bytes)` refuses, or gives what `encode` writes as bytes that decode to
/// the same.
template <class Decode, class Encode>
void must_go_round(std::string_view bytes, Decode decode, Encode encode) {
  const auto read = decode(bytes);
  if (!read)
    return must_explain(read.problem());
  const std::string written = encode(*read);
  const auto again = decode(std::string_view{written});
  must(static_cast<bool>(again), "what was read is written so that it can be read");
  must(encode(*again) == written, "what is read twice is the same");
}

} // namespace present::fuzz
