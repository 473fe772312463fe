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

constexpr std::size_t envelope = 48;

std::size_t bytes_of_writes(const std::vector<intended_write>& what) {
  std::size_t bytes = 0;
  for (const auto& each : what)
    bytes += each.where.key.size() + (each.bytes ? each.bytes->size() : 0) + 2 * envelope;
  return bytes;
}

std::size_t bytes_of_all(const prepared_record& what) {
  std::size_t bytes = 0;
  for (const auto& each : what.reads)
    bytes += each.key.size() + envelope;
  for (const auto& each : what.ranges)
    bytes += each.first.size() + each.last.size() + envelope;
  bytes += bytes_of_writes(what.writes);
  if (what.otherwise)
    bytes += bytes_of_writes(what.otherwise->writes) + 4 * envelope;
  if (what.fence)
    bytes += what.fence->lock.key.size() + envelope;
  return bytes;
}

void encode_writes(const std::vector<intended_write>& from,
                   capnp::List<stored::IntendedWrite>::Builder to) {
  for (unsigned place = 0; place < from.size(); ++place) {
    encode_name(from[place].where, to[place].initWhere());
    to[place].setTombstone(from[place].tombstone);
    if (from[place].bytes)
      to[place].setBytes(data_of(from[place].bytes));
  }
}

std::vector<intended_write> decode_writes(capnp::List<stored::IntendedWrite>::Reader from) {
  std::vector<intended_write> writes;
  for (const auto write : schema::honest(from))
    writes.push_back({decode_name(write.getWhere()), write.getTombstone(),
                      write.hasBytes()
                        ? std::make_shared<const std::string>(string_of(write.getBytes()))
                        : nullptr});
  return writes;
}

void encode_other(const other_branch& from, stored::OtherBranch::Builder to) {
  to.setIsCertain(from.is_certain);
  to.setFirstCode(static_cast<std::uint16_t>(from.of_first.code));
  to.setFirstMessage(schema::text_of(from.of_first.message));
  to.setCode(static_cast<std::uint16_t>(from.of_this.code));
  to.setMessage(schema::text_of(from.of_this.message));
  encode_writes(from.writes, to.initWrites(static_cast<unsigned>(from.writes.size())));
  encode_results(from.steps, to);
}

std::shared_ptr<const other_branch> decode_other(stored::OtherBranch::Reader from) {
  other_branch what;
  what.is_certain = from.getIsCertain();
  what.of_first = {static_cast<error_code>(from.getFirstCode()),
                   schema::string_of(from.getFirstMessage())};
  what.of_this = {static_cast<error_code>(from.getCode()),
                  schema::string_of(from.getMessage())};
  what.writes = decode_writes(from.getWrites());
  what.steps = decode_results(from);
  return std::make_shared<const other_branch>(std::move(what));
}

void encode_locks(const prepared_record& what, stored::PreparedRecord::Builder out) {
  encode_names(what.reads, out.initReads(static_cast<unsigned>(what.reads.size())));
  auto ranges = out.initRanges(static_cast<unsigned>(what.ranges.size()));
  for (unsigned place = 0; place < what.ranges.size(); ++place) {
    ranges[place].setSpace(what.ranges[place].space.value);
    ranges[place].setFirst(data_of(what.ranges[place].first));
    ranges[place].setLast(data_of(what.ranges[place].last));
  }
  encode_writes(what.writes, out.initWrites(static_cast<unsigned>(what.writes.size())));
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
    if (what.otherwise)
      encode_other(*what.otherwise, out.initOtherwise());
    if (what.fence) {
      encode_name(what.fence->lock, out.initFence().initLock());
      out.getFence().setToken(what.fence->token.value);
    }
  });
}

result<prepared_record> decode_prepared(client_id client, operation_number number,
                                        std::string_view bytes) {
  return read<stored::PreparedRecord, prepared_record>(
    bytes, [&](auto in) -> result<prepared_record> {
      prepared_record what{client,          number,         decode_name(in.getHome()),
                           {in.getStart()}, {in.getDeadline()}, {in.getStamp()},
                           {},              {},             {},
                           {},              {}};
      what.reads = decode_names(in.getReads());
      for (const auto range : schema::honest(in.getRanges()))
        what.ranges.push_back(
          {{range.getSpace()}, string_of(range.getFirst()), string_of(range.getLast())});
      what.writes = decode_writes(in.getWrites());
      what.steps = decode_results(in);
      if (in.hasOtherwise())
        what.otherwise = decode_other(in.getOtherwise());
      if (in.hasFence())
        what.fence = relied_fence{decode_name(in.getFence().getLock()),
                                  {in.getFence().getToken()}};
      return what;
    });
}

std::string encode_decision(const decision_record& what) {
  return write<stored::DecisionRecord>(64 * what.waiting.size(), [&](auto out) {
    out.setCommitted(what.committed);
    out.setStamp(what.stamp.value);
    out.setDeadline(what.deadline.value);
    encode_names(what.waiting, out.initWaiting(static_cast<unsigned>(what.waiting.size())));
    out.setOtherwise(what.otherwise);
  });
}

result<decision_record> decode_decision(client_id client, operation_number number,
                                        std::string_view bytes) {
  return read<stored::DecisionRecord, decision_record>(
    bytes, [&](auto in) -> result<decision_record> {
      return decision_record{client,           number,
                             in.getCommitted(), {in.getStamp()},
                             {in.getDeadline()}, decode_names(in.getWaiting()),
                             in.getOtherwise()};
    });
}

} // namespace present::storage
