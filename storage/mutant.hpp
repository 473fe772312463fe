#pragma once

#include "runtime/base/mutant.hpp"

#include <cstdint>

namespace present::storage {

enum class mutant : std::uint8_t {
  none,
  torn_tail,            // rule 15: a damaged entry is taken for a torn tail
  forget_word,          // rule 16: a partition that leaves takes its word along
  write_after_failure,  // rule 12, J5
  skip_frozen_table,    // P17: a read between freeze and checkpoint goes around it
  resume_any_snapshot,  // P18
  skip_bucket_sums,     // P24: rows that are there are all that is looked at
  same_salt,            // P26: each opening derives the same key
};

} // namespace present::storage
