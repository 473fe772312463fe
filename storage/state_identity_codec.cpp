#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/state_identity.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_state_identity(const stored_state_identity& identity) {
  return write<stored::StateIdentity>(
    identity.whose.cluster.size(), [&](auto out) {
      out.setFormat(identity.format);
      out.setCluster(text_of(identity.whose.cluster));
      out.setPartition(identity.whose.partition.value);
      out.setStore(identity.whose.store.value);
    });
}

result<stored_state_identity> decode_state_identity(std::string_view bytes) {
  return read<stored::StateIdentity, stored_state_identity>(
    bytes, [](auto in) -> result<stored_state_identity> {
      return stored_state_identity{in.getFormat(),
                                   {string_of(in.getCluster()),
                                    {in.getPartition()},
                                    {in.getStore()}}};
    });
}

} // namespace present::storage
