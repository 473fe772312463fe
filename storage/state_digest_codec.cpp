#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_state_digest(const state_digest& what) {
  return write<stored::StateDigest>(
    16 * state_digest::buckets + 16, [&](auto out) {
      auto buckets = out.initBuckets(state_digest::buckets);
      for (unsigned place = 0; place < state_digest::buckets; ++place) {
        buckets[place].setSum(what[place].sum);
        buckets[place].setCount(what[place].count);
      }
    });
}

result<state_digest> decode_state_digest(std::string_view bytes) {
  return read<stored::StateDigest, state_digest>(
    bytes, [](auto in) -> result<state_digest> {
      const auto buckets = in.getBuckets();
      if (buckets.size() != state_digest::buckets)
        return unknown_number("number of buckets", buckets.size());
      state_digest digest;
      for (unsigned place = 0; place < state_digest::buckets; ++place)
        digest[place] = {buckets[place].getSum(), buckets[place].getCount()};
      return digest;
    });
}

} // namespace present::storage
