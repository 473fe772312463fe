#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_node(const node_record& what) {
  return write<stored::NodeRecord>(
    what.rpc_address.size() + what.http_address.size(), [&](auto out) {
      out.setStore(what.store.value);
      out.setState(static_cast<std::uint8_t>(what.state));
      out.setRpcAddress(text_of(what.rpc_address));
      out.setHttpAddress(text_of(what.http_address));
      out.setVersion(what.version.value);
    });
}

result<node_record> decode_node(node_id id, std::string_view bytes) {
  return read<stored::NodeRecord, node_record>(
    bytes, [&](auto in) -> result<node_record> {
      if (in.getState() < static_cast<int>(node_state::active)
          || in.getState() > static_cast<int>(node_state::left))
        return unknown_number("node state", in.getState());
      return node_record{id,
                         {in.getStore()},
                         static_cast<node_state>(in.getState()),
                         string_of(in.getRpcAddress()),
                         string_of(in.getHttpAddress()),
                         {in.getVersion()}};
    });
}

} // namespace present::storage
