#include "storage/record_codec.hpp"

namespace present::storage {

namespace {

struct encoder {
  std::string operator()(const partition_record& what) const {
    return encode_partition(what);
  }
  std::string operator()(const space_record& what) const {
    return encode_space(what);
  }
  std::string operator()(const node_record& what) const {
    return encode_node(what);
  }
  std::string operator()(const partition_map_record& what) const {
    return encode_partition_map(what);
  }
  std::string operator()(const session_record& what) const {
    return encode_session(what);
  }
  std::string operator()(const value_record& what) const {
    return encode_value(what);
  }
  std::string operator()(const prepared_record& what) const {
    return encode_prepared(what);
  }
  std::string operator()(const decision_record& what) const {
    return encode_decision(what);
  }
  std::string operator()(const past_value_record& what) const {
    return encode_value(what.was);
  }
  std::string operator()(const tombstone_record&) const { return encode_tombstone(); }
  std::string operator()(const lock_record& what) const {
    return encode_lock(what);
  }
  std::string operator()(const fence_record& what) const {
    return encode_fence(what);
  }
  std::string operator()(const escalation_record& what) const {
    return encode_escalation(what);
  }
};

template <class Record>
result<record> widen(result<Record> read) {
  if (!read)
    return std::move(read.problem());
  return record{std::move(*read)};
}

} // namespace

std::string encode_record(const record& what) {
  return std::visit(encoder{}, what);
}

result<record> decode_record(const record_key& key, std::string_view bytes) {
  switch (key.kind()) {
    case record_kind::partition:
      return widen(decode_partition(bytes));
    case record_kind::space:
      return widen(decode_space(key.space(), bytes));
    case record_kind::node:
      return widen(decode_node(key.node(), bytes));
    case record_kind::partition_map:
      return widen(decode_partition_map(bytes));
    case record_kind::session:
      return widen(decode_session(key.client(), bytes));
    case record_kind::value:
      return widen(decode_value(bytes));
    case record_kind::prepared:
      return widen(decode_prepared(key.client(), key.number(), bytes));
    case record_kind::decision:
      return widen(decode_decision(key.client(), key.number(), bytes));
    case record_kind::past_value: {
      auto was = decode_value(bytes);
      if (!was)
        return std::move(was.problem());
      return record{past_value_record{std::move(*was)}};
    }
    case record_kind::tombstone:
      return widen(decode_tombstone(bytes));
    case record_kind::lock:
      return widen(decode_lock(bytes));
    case record_kind::fence:
      return widen(decode_fence(bytes));
    case record_kind::escalation:
      return widen(decode_escalation(bytes));
  }
  return make_error(error_code::damaged, "a key of an unknown kind");
}

} // namespace present::storage
