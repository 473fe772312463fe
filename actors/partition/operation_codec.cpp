#include "actors/partition/operation_codec.hpp"

#include "actors/partition/locks_codec.hpp"
#include "actors/partition/transact_codec.hpp"
#include "actors/partition/write_context_codec.hpp"
#include "actors/raft/quorum.hpp"
#include "runtime/base/bounds.hpp"
#include "actors/watch/watch_codec.hpp"
#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"
#include "storage/space_settings_codec.hpp"
#include "storage/step_results_codec.hpp"

#include <kj/array.h>

#include <algorithm>

namespace present {

namespace {

using schema::bytes_of;
using schema::data_of;
using schema::string_of;
using schema::text_of;

void encode_condition(const condition& from, schema::Condition::Builder to) {
  if (std::holds_alternative<if_absent>(from))
    to.setAbsent();
  else if (const auto* wanted = std::get_if<if_version>(&from))
    to.setVersion(wanted->version.value);
  else
    to.setAlways();
}

result<condition> decode_condition(schema::Condition::Reader from) {
  switch (from.which()) {
    case schema::Condition::ALWAYS:
      return condition{always{}};
    case schema::Condition::ABSENT:
      return condition{if_absent{}};
    case schema::Condition::VERSION:
      return condition{if_version{{from.getVersion()}}};
  }
  return make_error(error_code::invalid, "when: a condition that this node doesn't know");
}

struct operation_encoder {
  schema::Operation::Builder to;

  void operator()(const get& from) {
    auto what = to.initGet();
    what.setSpace(from.space.value);
    what.setKey(data_of(from.key));
    what.setStale(from.stale);
    what.setAt(from.at.value);
  }
  void operator()(const scan& from) {
    auto what = to.initScan();
    what.setSpace(from.space.value);
    what.setFirst(data_of(from.first));
    what.setLast(data_of(from.last));
    what.setLimit(from.limit);
    what.setKeysOnly(from.keys_only);
    what.setStale(from.stale);
    what.setAt(from.at.value);
    what.setEscalated(from.escalated);
  }
  void operator()(const put& from) {
    auto what = to.initPut();
    what.setSpace(from.space.value);
    what.setKey(data_of(from.key));
    what.setValue(data_of(from.value));
    encode_condition(from.when, what.initWhen());
    if (from.knows != write_context{})
      encode_context(from.knows, what.initKnows());
  }
  void operator()(const remove_key& from) {
    auto what = to.initRemoveKey();
    what.setSpace(from.space.value);
    what.setKey(data_of(from.key));
    encode_condition(from.when, what.initWhen());
    if (from.knows != write_context{})
      encode_context(from.knows, what.initKnows());
  }
  void operator()(const create_space& from) {
    auto what = to.initCreateSpace();
    what.setName(text_of(from.name));
    what.setPieces(from.pieces);
    auto cuts = what.initSplitAt(static_cast<unsigned>(from.split_at.size()));
    for (unsigned place = 0; place < from.split_at.size(); ++place)
      cuts.set(place, data_of(from.split_at[place]));
    if (from.settings != storage::space_settings{})
      storage::encode_settings(from.settings, what.initSettings());
  }
  void operator()(const drop_space& from) {
    to.initDropSpace().setName(text_of(from.name));
  }
  void operator()(const add_node& from) {
    auto what = to.initAddNode();
    what.setNode(from.node.value);
    what.setStore(from.store.value);
    what.setRpcAddress(text_of(from.rpc_address));
    what.setHttpAddress(text_of(from.http_address));
  }
  void operator()(const drain_node& from) {
    auto what = to.initDrainNode();
    what.setNode(from.node.value);
    what.setUndo(from.undo);
  }
  void operator()(const remove_node& from) { to.setRemoveNode(from.node.value); }
  void operator()(const report_members& from) {
    auto what = to.initReportMembers();
    what.setPartition(from.partition.value);
    what.setIndex(from.index.value);
    what.setByMap(from.by_map.value);
    auto voters = what.initVoters(static_cast<unsigned>(from.voters.size()));
    for (unsigned place = 0; place < from.voters.size(); ++place)
      voters.set(place, from.voters[place].value);
  }
  void operator()(const transact& from) { encode_transact(from, to.initTransact()); }
  void operator()(const prepare& from) { encode_prepare(from, to.initPrepare()); }
  void operator()(const decide& from) { encode_decide(from, to.initDecide()); }
  void operator()(const resolve& from) { encode_resolve(from, to.initResolve()); }
  void operator()(const push& from) { encode_push(from, to.initPush()); }
  void operator()(const forget& from) { encode_forget(from, to.initForget()); }
  void operator()(const aftermath& from) { encode_aftermath(from, to.initAftermath()); }
  void operator()(const watch& from) { encode_watch(from, to.initWatch()); }
  void operator()(const acquire_lock& from) { encode_acquire(from, to.initAcquireLock()); }
  void operator()(const keep_lock& from) { encode_keep(from, to.initKeepLock()); }
  void operator()(const release_lock& from) { encode_release(from, to.initReleaseLock()); }
  void operator()(const end_session& from) { encode_end(from, to.initEndSession()); }
  void operator()(const read_lock& from) { encode_read_lock(from, to.initReadLock()); }
  void operator()(const raise_fence& from) { encode_raise(from, to.initRaiseFence()); }
  void operator()(const set_space& from) { encode_set_space(from, to.initSetSpace()); }
  void operator()(const settle_escalation& from) {
    encode_settlement(from, to.initSettleEscalation());
  }
};

result<operation> decode_put(schema::Operation::Put::Reader from, operation asked) {
  auto when = decode_condition(from.getWhen());
  if (!when)
    return when.problem();
  auto knows = decode_context(from.getKnows());
  if (!knows)
    return knows.problem();
  asked.what = put{{from.getSpace()}, string_of(from.getKey()),
                   bytes_of(from.getValue()), *when, std::move(*knows)};
  return asked;
}

result<create_space> decode_create(schema::Operation::CreateSpace::Reader from) {
  create_space asked{string_of(from.getName()), from.getPieces()};
  // Over the limit it is refused, by one more; a list of empty data says any length.
  const auto count = std::min<std::size_t>(from.getSplitAt().size(),
                                           bounds::max_space_pieces);
  for (unsigned place = 0; place < count; ++place)
    asked.split_at.push_back(string_of(from.getSplitAt()[place]));
  if (!from.hasSettings())
    return asked;
  auto settings = storage::decode_settings(from.getSettings());
  if (!settings)
    return make_error(error_code::invalid, settings.problem().message);
  asked.settings = std::move(*settings);
  return asked;
}

add_node node_of(schema::AddNode::Reader from) {
  return {{from.getNode()},
          {from.getStore()},
          string_of(from.getRpcAddress()),
          string_of(from.getHttpAddress())};
}

report_members members_of(schema::ReportMembers::Reader from) {
  report_members told{{from.getPartition()}, {from.getIndex()}};
  const auto count = std::min<std::size_t>(from.getVoters().size(), raft::max_voters + 1);
  for (unsigned place = 0; place < count; ++place)
    told.voters.push_back({from.getVoters()[place]});
  told.by_map = {from.getByMap()};
  return told;
}

result<operation> decode_remove(schema::Operation::RemoveKey::Reader from,
                                operation asked) {
  auto when = decode_condition(from.getWhen());
  if (!when)
    return when.problem();
  auto knows = decode_context(from.getKnows());
  if (!knows)
    return knows.problem();
  asked.what = remove_key{{from.getSpace()}, string_of(from.getKey()), *when,
                          std::move(*knows)};
  return asked;
}

/// `what` as the operation's, or the problem with it.
template <class What>
result<operation> with_what(operation asked, result<What> what) {
  if (!what)
    return what.problem();
  asked.what = std::move(*what);
  return asked;
}

result<operation> decode_of_lock(schema::Operation::Reader from, operation asked) {
  switch (from.which()) {
    case schema::Operation::ACQUIRE_LOCK:
      asked.what = decode_acquire(from.getAcquireLock());
      return asked;
    case schema::Operation::KEEP_LOCK:
      asked.what = decode_keep(from.getKeepLock());
      return asked;
    case schema::Operation::RELEASE_LOCK:
      asked.what = decode_release(from.getReleaseLock());
      return asked;
    case schema::Operation::END_SESSION:
      asked.what = decode_end(from.getEndSession());
      return asked;
    case schema::Operation::READ_LOCK:
      asked.what = decode_read_lock(from.getReadLock());
      return asked;
    case schema::Operation::RAISE_FENCE:
      asked.what = decode_raise(from.getRaiseFence());
      return asked;
    default:
      return make_error(error_code::invalid,
                        "operations: one of a kind that this node doesn't know");
  }
}

result<operation> decode_of_transaction(schema::Operation::Reader from, operation asked) {
  switch (from.which()) {
    case schema::Operation::TRANSACT:
      return with_what(std::move(asked), decode_transact(from.getTransact()));
    case schema::Operation::PREPARE:
      return with_what(std::move(asked), decode_prepare(from.getPrepare()));
    case schema::Operation::DECIDE:
      return with_what(std::move(asked), decode_decide(from.getDecide()));
    case schema::Operation::RESOLVE:
      asked.what = decode_resolve(from.getResolve());
      return asked;
    case schema::Operation::PUSH:
      asked.what = decode_push(from.getPush());
      return asked;
    case schema::Operation::FORGET:
      asked.what = decode_forget(from.getForget());
      return asked;
    case schema::Operation::AFTERMATH:
      asked.what = decode_aftermath(from.getAftermath());
      return asked;
    case schema::Operation::SET_SPACE:
      return with_what(std::move(asked), decode_set_space(from.getSetSpace()));
    case schema::Operation::SETTLE_ESCALATION:
      asked.what = decode_settlement(from.getSettleEscalation());
      return asked;
    default:
      return decode_of_lock(from, std::move(asked));
  }
}

} // namespace

void encode_operation(const operation& from, schema::Operation::Builder to) {
  to.setClient(from.id.client.value);
  to.setNumber(from.id.number.value);
  to.setRetryUntil(from.retry_until.value);
  to.setAckedBelow(from.acked_below.value);
  to.setFingerprint(from.fingerprint);
  if (from.fence)
    encode_fence(*from.fence, to.initFence());
  std::visit(operation_encoder{to}, from.what);
}

result<operation> decode_operation(schema::Operation::Reader from) {
  operation asked;
  asked.id = {{from.getClient()}, {from.getNumber()}};
  asked.retry_until = {from.getRetryUntil()};
  asked.acked_below = {from.getAckedBelow()};
  asked.fingerprint = from.getFingerprint();
  if (from.hasFence())
    asked.fence = std::make_shared<const lock_fence>(decode_fence(from.getFence()));
  switch (from.which()) {
    case schema::Operation::GET: {
      const auto what = from.getGet();
      asked.what = get{{what.getSpace()}, string_of(what.getKey()), what.getStale(),
                       {what.getAt()}};
      return asked;
    }
    case schema::Operation::SCAN: {
      const auto what = from.getScan();
      asked.what = scan{{what.getSpace()}, string_of(what.getFirst()),
                        string_of(what.getLast()), what.getLimit(), what.getKeysOnly(),
                        what.getStale(), {what.getAt()}, what.getEscalated()};
      return asked;
    }
    case schema::Operation::PUT:
      return decode_put(from.getPut(), std::move(asked));
    case schema::Operation::REMOVE_KEY:
      return decode_remove(from.getRemoveKey(), std::move(asked));
    case schema::Operation::CREATE_SPACE:
      return with_what(std::move(asked), decode_create(from.getCreateSpace()));
    case schema::Operation::DROP_SPACE:
      asked.what = drop_space{string_of(from.getDropSpace().getName())};
      return asked;
    case schema::Operation::ADD_NODE:
      asked.what = node_of(from.getAddNode());
      return asked;
    case schema::Operation::DRAIN_NODE:
      asked.what = drain_node{{from.getDrainNode().getNode()}, from.getDrainNode().getUndo()};
      return asked;
    case schema::Operation::REMOVE_NODE:
      asked.what = remove_node{{from.getRemoveNode()}};
      return asked;
    case schema::Operation::REPORT_MEMBERS:
      asked.what = members_of(from.getReportMembers());
      return asked;
    case schema::Operation::WATCH:
      asked.what = decode_watch(from.getWatch());
      return asked;
    default:
      return decode_of_transaction(from, std::move(asked));
  }
}

void encode_answer(const answer& from, schema::Answer::Builder to) {
  to.setClient(from.id.client.value);
  to.setNumber(from.id.number.value);
  to.setCode(static_cast<std::uint16_t>(from.code));
  to.setKnown(static_cast<std::uint8_t>(from.known));
  to.setVersion(from.version.value);
  to.setHasValue(from.value != nullptr);
  if (from.value)
    to.setValue(data_of(from.value));
  to.setMore(from.more);
  to.setRepeated(from.repeated);
  if (!from.message.empty())
    to.setMessage(text_of(from.message));
  storage::encode_results(from.steps, to);
  if (from.watched)
    encode_page(*from.watched, to.initWatched());
  to.setOtherwise(from.otherwise);
  to.setTookOtherwise(from.took_otherwise);
  if (from.branch)
    encode_branch(*from.branch, to.initBranch());
  if (from.holder)
    encode_terms(from.holder->terms, to.initHolder());
  if (from.lock)
    encode_standing(*from.lock, to.initLock());
  encode_note(from.conflict, to);
  encode_escalated(from.escalated, to);
  if (from.rows.empty())
    return;
  auto rows = to.initRows(static_cast<unsigned>(from.rows.size()));
  for (unsigned place = 0; place < from.rows.size(); ++place) {
    rows[place].setKey(data_of(from.rows[place].key));
    rows[place].setVersion(from.rows[place].version.value);
    if (from.rows[place].value)
      rows[place].setValue(data_of(from.rows[place].value));
  }
}

answer decode_answer(schema::Answer::Reader from) {
  answer given;
  given.id = {{from.getClient()}, {from.getNumber()}};
  given.code = static_cast<error_code>(from.getCode());
  given.known = from.getKnown() <= static_cast<std::uint8_t>(outcome::unknown)
                  ? static_cast<outcome>(from.getKnown())
                  : outcome::unknown;
  given.version = {from.getVersion()};
  if (from.getHasValue())
    given.value = bytes_of(from.getValue());
  given.more = from.getMore();
  given.repeated = from.getRepeated();
  given.message = string_of(from.getMessage());
  given.steps = storage::decode_results(from);
  if (from.hasWatched())
    given.watched = decode_page(from.getWatched());
  given.otherwise = from.getOtherwise();
  given.took_otherwise = from.getTookOtherwise();
  if (from.hasBranch())
    given.branch = decode_branch(from.getBranch());
  if (from.hasHolder())
    given.holder = std::make_shared<const lock_holder>(lock_holder{decode_terms(from.getHolder())});
  if (from.hasLock())
    given.lock = std::make_shared<const lock_standing>(decode_standing(from.getLock()));
  given.conflict = decode_note(from);
  given.escalated = decode_escalated(from);
  const auto rows = schema::honest(from.getRows());
  // No page is longer; a list of empty structs says any length for no bytes.
  const auto count
    = std::min<unsigned>(rows.size(), static_cast<unsigned>(bounds::max_scan_page));
  given.rows.reserve(count);
  for (unsigned place = 0; place < count; ++place)
    given.rows.push_back(
      {string_of(rows[place].getKey()), {rows[place].getVersion()},
       rows[place].hasValue() ? bytes_of(rows[place].getValue()) : nullptr});
  return given;
}

} // namespace present
