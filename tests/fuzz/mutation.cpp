#include "tests/fuzz/mutation.hpp"

#include "runtime/base/splitmix64.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace present::fuzz {

namespace {

class mutator {
public:
  mutator(const std::vector<std::string>& base, std::uint64_t seed)
    : base_{&base}, state_{seed}, bytes_{any_of_base()} {}

  void change() {
    switch (below(8)) {
      case 0: return flip_bit();
      case 1: return set_byte();
      case 2: return set_word();
      case 3: return swap_words();
      case 4: return insert_piece(bytes_);
      case 5: return insert_piece(any_of_base());
      case 6: return cut_piece();
      default: return copy_over();
    }
  }

  std::uint64_t below(std::uint64_t limit) { return splitmix64(state_) % limit; }

  std::string take() {
    bytes_.resize(std::min(bytes_.size(), max_mutated));
    return std::move(bytes_);
  }

private:
  const std::string& any_of_base() { return (*base_)[below(base_->size())]; }

  void flip_bit() {
    if (!bytes_.empty())
      bytes_[below(bytes_.size())] ^= static_cast<char>(1u << below(8));
  }

  void set_byte() {
    static constexpr std::string_view telling{"\0\1\x7f\x80\xff\"\\{}[],:=.%/\n \xc3", 20};
    if (!bytes_.empty())
      bytes_[below(bytes_.size())] = below(2) == 0 ? telling[below(telling.size())]
                                                   : static_cast<char>(below(256));
  }

  /// Where a message's words are: behind the byte that chooses the kind.
  std::size_t any_word() { return 1 + 8 * below((bytes_.size() - 1) / 8); }
  bool has_words() const { return bytes_.size() > 8; }

  void set_word() {
    static constexpr std::array<std::uint64_t, 8> telling{
      0, 1, 0xff, 0x7fff'ffff, 0xffff'ffff, 0x1'0000'0000, ~0ull >> 1, ~0ull};
    if (!has_words())
      return;
    const std::uint64_t word = below(2) == 0 ? telling[below(telling.size())] : below(1 << 12);
    const std::size_t size = below(2) == 0 ? 4 : 8;
    std::memcpy(bytes_.data() + any_word() + (size == 4 ? 4 * below(2) : 0), &word, size);
  }

  void swap_words() {
    if (!has_words())
      return;
    const auto one = any_word();
    const auto other = any_word();
    if (one != other)
      std::swap_ranges(bytes_.begin() + static_cast<long>(one),
                       bytes_.begin() + static_cast<long>(one + 8),
                       bytes_.begin() + static_cast<long>(other));
  }

  std::string piece_of(const std::string& from) {
    if (from.empty())
      return {};
    const auto start = below(from.size());
    return from.substr(start, 1 + below(std::min<std::size_t>(64, from.size() - start)));
  }

  void insert_piece(const std::string& from) {
    bytes_.insert(below(bytes_.size() + 1), piece_of(from));
  }

  void cut_piece() {
    if (bytes_.empty())
      return;
    const auto start = below(bytes_.size());
    // One in four: all that follows, as of a file that was cut short.
    bytes_.erase(start, below(4) == 0 ? std::string::npos : 1 + below(32));
  }

  void copy_over() {
    const auto piece = piece_of(bytes_);
    if (piece.empty())
      return;
    const auto at = below(bytes_.size() - piece.size() + 1);
    bytes_.replace(at, piece.size(), piece);
  }

  const std::vector<std::string>* base_;
  std::uint64_t state_;
  std::string bytes_;
};

} // namespace

std::string mutation_of(const std::vector<std::string>& base, std::uint64_t seed) {
  mutator one{base, seed};
  for (auto changes = 1 + one.below(4); changes > 0; --changes)
    one.change();
  return one.take();
}

} // namespace present::fuzz
