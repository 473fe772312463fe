#pragma once

#include "actors/partition/operation.hpp"

#include "schemas/operation.capnp.h"

/// What operation_codec.hpp needs of conflicts: what a write knows, a space's rules, and
/// what waits for somebody to decide.
namespace present {

void encode_findings(const conflict::findings& from, schema::WriteFindings::Builder to);
/// `invalid` for a finding that this program doesn't know.
result<conflict::findings> decode_findings(schema::WriteFindings::Reader from);

void encode_context(const write_context& from, schema::WriteContext::Builder to);
/// `invalid` for a finding that this program doesn't know.
result<write_context> decode_context(schema::WriteContext::Reader from);

void encode_set_space(const set_space& from, schema::SetSpace::Builder to);
result<set_space> decode_set_space(schema::SetSpace::Reader from);

void encode_settlement(const settle_escalation& from, schema::SettleEscalation::Builder to);
settle_escalation decode_settlement(schema::SettleEscalation::Reader from);

void encode_note(const std::optional<conflict::note>& from, schema::Answer::Builder to);
/// Empty for what this program doesn't know: it only tells people.
std::optional<conflict::note> decode_note(schema::Answer::Reader from);

void encode_escalated(const std::vector<escalated_row>& from, schema::Answer::Builder to);
std::vector<escalated_row> decode_escalated(schema::Answer::Reader from);

} // namespace present
