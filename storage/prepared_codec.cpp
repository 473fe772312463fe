#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"
#include "storage/step_results_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

namespace {

void encode_name(const key_name& from, stored::KeyName::Builder to) {
  to.setSpace(from.space.value);
  to.setKey(data_of(from.key));
}

key_name decode_name(stored::KeyName::Reader from) {
  return {{from.getSpace()}, string_of(from.getKey())};
}

template <class Names>
void encode_names(const std::vector<key_name>& from, Names to) {
  for (unsigned place = 0; place < from.size(); ++place)
    encode_name(from[place], to[place]);
}

std::vector<key_name> decode_names(capnp::List<stored::KeyName>::Reader from) {
  std::vector<key_name> names;
  for (const auto each : schema::honest(from))
    names.push_back(decode_name(each));
  return names;
}

std::size_t bytes_of_all(const prepared_record& what) {
  constexpr std::size_t envelope = 48;
  std::size_t bytes = 0;
  for (const auto& each : what.reads)
    bytes += each.key.size() + envelope;
  for (const auto& each : what.ranges)
    bytes += each.first.size() + each.last.size() + envelope;
  for (const auto& each : what.writes)
    bytes += each.where.key.size() + (each.bytes ? each.bytes->size() : 0) + 2 * envelope;
  return bytes;
}

void encode_locks(const prepared_record& what, stored::PreparedRecord::Builder out) {
  encode_names(what.reads, out.initReads(static_cast<unsigned>(what.reads.size())));
  auto ranges = out.initRanges(static_cast<unsigned>(what.ranges.size()));
  for (unsigned place = 0; place < what.ranges.size(); ++place) {
    ranges[place].setSpace(what.ranges[place].space.value);
    ranges[place].setFirst(data_of(what.ranges[place].first));
    ranges[place].setLast(data_of(what.ranges[place].last));
  }
  auto writes = out.initWrites(static_cast<unsigned>(what.writes.size()));
  for (unsigned place = 0; place < what.writes.size(); ++place) {
    encode_name(what.writes[place].where, writes[place].initWhere());
    writes[place].setTombstone(what.writes[place].tombstone);
    if (what.writes[place].bytes)
      writes[place].setBytes(data_of(what.writes[place].bytes));
  }
}

} // namespace

std::string encode_prepared(const prepared_record& what) {
  return write<stored::PreparedRecord>(bytes_of_all(what), [&](auto out) {
    encode_name(what.home, out.initHome());
    out.setStart(what.start.value);
    out.setDeadline(what.deadline.value);
    out.setStamp(what.stamp.value);
    encode_locks(what, out);
    encode_results(what.steps, out);
  });
}

result<prepared_record> decode_prepared(client_id client, operation_number number,
                                        std::string_view bytes) {
  return read<stored::PreparedRecord, prepared_record>(
    bytes, [&](auto in) -> result<prepared_record> {
      prepared_record what{client,          number,         decode_name(in.getHome()),
                           {in.getStart()}, {in.getDeadline()}, {in.getStamp()},
                           {},              {},             {},
                           {}};
      what.reads = decode_names(in.getReads());
      for (const auto range : schema::honest(in.getRanges()))
        what.ranges.push_back(
          {{range.getSpace()}, string_of(range.getFirst()), string_of(range.getLast())});
      for (const auto write : schema::honest(in.getWrites()))
        what.writes.push_back({decode_name(write.getWhere()), write.getTombstone(),
                               write.hasBytes()
                                 ? std::make_shared<const std::string>(string_of(write.getBytes()))
                                 : nullptr});
      what.steps = decode_results(in);
      return what;
    });
}

std::string encode_decision(const decision_record& what) {
  return write<stored::DecisionRecord>(64 * what.waiting.size(), [&](auto out) {
    out.setCommitted(what.committed);
    out.setStamp(what.stamp.value);
    out.setDeadline(what.deadline.value);
    encode_names(what.waiting, out.initWaiting(static_cast<unsigned>(what.waiting.size())));
  });
}

result<decision_record> decode_decision(client_id client, operation_number number,
                                        std::string_view bytes) {
  return read<stored::DecisionRecord, decision_record>(
    bytes, [&](auto in) -> result<decision_record> {
      return decision_record{client,           number,
                             in.getCommitted(), {in.getStamp()},
                             {in.getDeadline()}, decode_names(in.getWaiting())};
    });
}

} // namespace present::storage
