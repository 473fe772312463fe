#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_lock(const lock_record& what) {
  constexpr std::size_t envelope = 64;
  std::size_t bytes = 0;
  for (const auto& each : what.claims)
    bytes += each.owner.size() + (each.value ? each.value->size() : 0) + envelope;
  return write<stored::LockRecord>(bytes, [&](auto out) {
    out.setToken(what.token.value);
    out.setVersion(what.version.value);
    auto claims = out.initClaims(static_cast<unsigned>(what.claims.size()));
    for (unsigned place = 0; place < what.claims.size(); ++place) {
      const auto& from = what.claims[place];
      claims[place].setClaim(from.claim.value);
      claims[place].setLeaseMs(from.lease_ms);
      claims[place].setOwner(data_of(from.owner));
      if (from.value)
        claims[place].setValue(data_of(from.value));
      claims[place].setSession(from.session.value);
    }
  });
}

result<lock_record> decode_lock(std::string_view bytes) {
  return read<stored::LockRecord, lock_record>(bytes, [](auto in) -> result<lock_record> {
    lock_record what{{in.getToken()}, {in.getVersion()}, {}};
    for (const auto claim : schema::honest(in.getClaims()))
      what.claims.push_back(
        {{claim.getClaim()}, claim.getLeaseMs(), string_of(claim.getOwner()),
         claim.hasValue() ? std::make_shared<const std::string>(string_of(claim.getValue()))
                          : nullptr,
         {claim.getSession()}});
    if (what.claims.empty())
      return make_error(error_code::damaged, "a lock that nobody holds");
    return what;
  });
}

std::string encode_fence(const fence_record& what) {
  return write<stored::FenceRecord>(0, [&](auto out) { out.setToken(what.token.value); });
}

result<fence_record> decode_fence(std::string_view bytes) {
  return read<stored::FenceRecord, fence_record>(
    bytes, [](auto in) -> result<fence_record> { return fence_record{{in.getToken()}}; });
}

} // namespace present::storage
