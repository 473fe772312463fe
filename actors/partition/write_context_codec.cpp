#include "actors/partition/write_context_codec.hpp"

#include "runtime/base/bounds.hpp"
#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"
#include "storage/space_settings_codec.hpp"

#include <algorithm>

namespace present {

namespace {

using conflict::policy_finding;
using conflict::schema_finding;
using schema::bytes_of;
using schema::data_of;
using schema::string_of;
using schema::text_of;

void encode_made(const write_findings& from, schema::WriteFindings::Builder to) {
  encode_findings(from.found, to);
  to.setMigrated(from.migrated);
  to.setHasMerged(from.merged != nullptr);
  if (from.merged)
    to.setMerged(data_of(from.merged));
  to.setMergedOf(from.merged_of.value);
  to.setMergeProblem(text_of(from.merge_problem));
}

result<std::shared_ptr<const write_findings>> decode_made(schema::WriteFindings::Reader from) {
  auto found = decode_findings(from);
  if (!found)
    return found.problem();
  write_findings what;
  what.found = std::move(*found);
  what.migrated = from.getMigrated();
  if (from.getHasMerged())
    what.merged = bytes_of(from.getMerged());
  what.merged_of = {from.getMergedOf()};
  what.merge_problem = string_of(from.getMergeProblem());
  return std::make_shared<const write_findings>(std::move(what));
}

} // namespace

void encode_findings(const conflict::findings& from, schema::WriteFindings::Builder to) {
  to.setSchema(static_cast<std::uint8_t>(from.schema));
  to.setSchemaProblem(text_of(from.schema_problem));
  to.setPolicy(static_cast<std::uint8_t>(from.policy));
  to.setPolicyProblem(text_of(from.policy_problem));
  to.setEscalation(text_of(from.escalation));
}

result<conflict::findings> decode_findings(schema::WriteFindings::Reader from) {
  if (from.getSchema() > static_cast<std::uint8_t>(schema_finding::incompatible)
      || from.getPolicy() > static_cast<std::uint8_t>(policy_finding::somebody_decides))
    return make_error(error_code::invalid, "knows: a finding that this node doesn't know");
  return conflict::findings{static_cast<schema_finding>(from.getSchema()),
                            string_of(from.getSchemaProblem()),
                            static_cast<policy_finding>(from.getPolicy()),
                            string_of(from.getPolicyProblem()), string_of(from.getEscalation())};
}

void encode_context(const write_context& from, schema::WriteContext::Builder to) {
  to.setHasBase(from.base.has_value());
  to.setBase(from.base.value_or(hlc_stamp{}).value);
  to.setHasAt(from.at.has_value());
  const auto at = from.at.value_or(storage::authorship{});
  to.setAt(at.stamp.value);
  to.setOrigin(at.origin);
  to.setHasAfter(from.after.has_value());
  to.setAfter(from.after.value_or(hlc_stamp{}).value);
  if (!from.schema.empty())
    to.setSchema(text_of(from.schema));
  if (from.found)
    encode_made(*from.found, to.initFound());
}

result<write_context> decode_context(schema::WriteContext::Reader from) {
  write_context what;
  if (from.getHasBase())
    what.base = hlc_stamp{from.getBase()};
  if (from.getHasAt())
    what.at = storage::authorship{{from.getAt()}, from.getOrigin()};
  if (from.getHasAfter())
    what.after = hlc_stamp{from.getAfter()};
  what.schema = string_of(from.getSchema());
  if (!from.hasFound())
    return what;
  auto found = decode_made(from.getFound());
  if (!found)
    return found.problem();
  what.found = std::move(*found);
  return what;
}

void encode_set_space(const set_space& from, schema::SetSpace::Builder to) {
  to.setName(text_of(from.name));
  if (from.conflicts)
    storage::encode_settings({*from.conflicts}, to.initConflicts());
  to.setHasClosesAfter(from.closes_after_ms.has_value());
  to.setClosesAfterMs(from.closes_after_ms.value_or(0));
  to.setHasSchema(from.schema.has_value());
  to.setSchema(text_of(from.schema.value_or("")));
  to.setHasPolicy(from.policy.has_value());
  to.setPolicy(text_of(from.policy.value_or("")));
  to.setVersionsKept(from.versions_kept.value_or(0));
}

result<set_space> decode_set_space(schema::SetSpace::Reader from) {
  set_space what;
  what.name = string_of(from.getName());
  if (from.hasConflicts()) {
    auto settings = storage::decode_settings(from.getConflicts());
    if (!settings)
      return make_error(error_code::invalid, settings.problem().message);
    what.conflicts = std::move(settings->conflicts);
  }
  if (from.getHasClosesAfter())
    what.closes_after_ms = from.getClosesAfterMs();
  if (from.getHasSchema())
    what.schema = string_of(from.getSchema());
  if (from.getHasPolicy())
    what.policy = string_of(from.getPolicy());
  if (from.getVersionsKept() != 0)
    what.versions_kept = from.getVersionsKept();
  return what;
}

void encode_settlement(const settle_escalation& from, schema::SettleEscalation::Builder to) {
  auto where = to.initWhere();
  where.setSpace(from.space.value);
  where.setKey(data_of(from.key));
  to.setWrite(from.write.value);
  to.setAccept(from.accept);
}

settle_escalation decode_settlement(schema::SettleEscalation::Reader from) {
  return {{from.getWhere().getSpace()}, string_of(from.getWhere().getKey()),
          {from.getWrite()}, from.getAccept()};
}

void encode_note(const std::optional<conflict::note>& from, schema::Answer::Builder to) {
  const auto numbers = conflict::numbered(from);
  to.setConflict(numbers.kind);
  to.setThen(numbers.then);
}

std::optional<conflict::note> decode_note(schema::Answer::Reader from) {
  return conflict::note_numbered({from.getConflict(), from.getThen()});
}

void encode_escalated(const std::vector<escalated_row>& from, schema::Answer::Builder to) {
  if (from.empty())
    return;
  auto rows = to.initEscalated(static_cast<unsigned>(from.size()));
  for (unsigned place = 0; place < from.size(); ++place) {
    rows[place].setKey(data_of(from[place].key));
    auto writes = rows[place].initWrites(static_cast<unsigned>(from[place].writes.size()));
    for (unsigned i = 0; i < from[place].writes.size(); ++i) {
      const auto& one = from[place].writes[i];
      writes[i].setStamp(one.stamp.value);
      writes[i].setPath(text_of(one.path));
      writes[i].setReason(text_of(one.reason));
      writes[i].setCurrent(one.current.value);
      writes[i].setTombstone(one.tombstone);
      writes[i].setValue(data_of(one.bytes));
      writes[i].setHasAt(one.at.has_value());
      writes[i].setAt(one.at.value_or(storage::authorship{}).stamp.value);
      writes[i].setOrigin(one.at.value_or(storage::authorship{}).origin);
    }
  }
}

std::vector<escalated_row> decode_escalated(schema::Answer::Reader from) {
  std::vector<escalated_row> rows;
  for (const auto row : schema::honest(from.getEscalated())) {
    auto& to = rows.emplace_back();
    to.key = string_of(row.getKey());
    for (const auto one : schema::honest(row.getWrites())) {
      auto& write = to.writes.emplace_back();
      write.stamp = {one.getStamp()};
      write.path = string_of(one.getPath());
      write.reason = string_of(one.getReason());
      write.current = {one.getCurrent()};
      write.tombstone = one.getTombstone();
      if (one.getValue().size() > 0)
        write.bytes = bytes_of(one.getValue());
      if (one.getHasAt())
        write.at = storage::authorship{{one.getAt()}, one.getOrigin()};
    }
  }
  return rows;
}

} // namespace present
