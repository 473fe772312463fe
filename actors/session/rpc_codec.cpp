#include "actors/session/rpc_codec.hpp"

#include "actors/partition/operation_codec.hpp"
#include "actors/partition/operation_size.hpp"
#include "actors/watch/watch_codec.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/network/error_codec.hpp"
#include "schemas/honest_list.hpp"

#include <string_view>
#include <utility>

namespace present {
namespace {

constexpr std::size_t max_traceparent = 55; // W3C, version 00
constexpr std::size_t word = 8;

static_assert(schema::MAX_REQUEST_OPERATIONS == bounds::max_request_operations);
static_assert(schema::MAX_REQUEST_BYTES == bounds::max_request);
static_assert(schema::MAX_KEY_BYTES == bounds::max_key);
static_assert(schema::MAX_VALUE_BYTES == bounds::max_value);
static_assert(schema::MAX_SPACE_NAME_BYTES == bounds::max_space_name);
static_assert(schema::MAX_TRACEPARENT_BYTES == max_traceparent);

error too_large(const char* what, std::uint64_t found, std::uint64_t limit) {
  return make_error(error_code::too_large,
                    std::string(what) + ": " + std::to_string(found)
                      + "; the limit is " + std::to_string(limit));
}

template <class Struct>
constexpr std::uint64_t words_of_struct() {
  return capnp::_::structSize<Struct>().total();
}

constexpr std::uint64_t words_of(std::size_t bytes) {
  // One more byte: a text ends with a zero.
  return (bytes + word) / word;
}

std::uint64_t words_of(const bytes_ptr& bytes) {
  return bytes ? words_of(bytes->size()) : 0;
}

/// Before the elements of a list of structs, and before the root.
constexpr std::uint64_t tag = 1;
constexpr std::uint64_t root = 1;

std::uint64_t words_of_results(const std::vector<storage::step_result>& steps) {
  std::uint64_t words = tag + steps.size() * (words_of_struct<schema::StepResult>() + tag);
  for (const auto& each : steps) {
    words += words_of(each.value);
    for (const auto& row : each.rows)
      words += words_of_struct<schema::ResultRow>() + words_of(row.key.size())
               + words_of(row.value);
  }
  return words;
}

std::uint64_t words_of_results(const storage::step_results& steps) {
  return steps ? words_of_results(*steps) : 0;
}

struct operation_words {
  std::uint64_t operator()(const get& what) const {
    return words_of(what.key.size());
  }
  std::uint64_t operator()(const scan& what) const {
    return words_of(what.first.size()) + words_of(what.last.size());
  }
  std::uint64_t operator()(const put& what) const {
    return words_of(what.key.size()) + words_of(what.value) + condition
           + words_of_context(what.knows);
  }
  std::uint64_t operator()(const remove_key& what) const {
    return words_of(what.key.size()) + condition + words_of_context(what.knows);
  }
  std::uint64_t operator()(const create_space& what) const {
    std::uint64_t words = words_of(what.name.size()) + words_of(8 * what.split_at.size())
                          + words_of_settings(what.settings);
    for (const auto& cut : what.split_at)
      words += words_of(cut.size());
    return words;
  }
  std::uint64_t operator()(const drop_space& what) const {
    return words_of(what.name.size());
  }

  std::uint64_t operator()(const add_node& what) const {
    return words_of_struct<schema::AddNode>() + words_of(what.rpc_address.size())
           + words_of(what.http_address.size());
  }
  std::uint64_t operator()(const drain_node&) const {
    return words_of_struct<schema::DrainNode>();
  }
  std::uint64_t operator()(const remove_node&) const { return 0; }
  std::uint64_t operator()(const report_members& what) const {
    return words_of_struct<schema::ReportMembers>() + words_of(4 * what.voters.size());
  }

  std::uint64_t operator()(const transact& what) const {
    return words_of_struct<schema::Transact>() + words_of_places(what);
  }
  std::uint64_t operator()(const prepare& what) const {
    return words_of_terms(what.terms) + words_of_struct<schema::Prepare>() + (*this)(what.part);
  }
  std::uint64_t operator()(const decide& what) const {
    return words_of_terms(what.terms) + words_of_struct<schema::Decide>() + (*this)(what.part)
           + tag + what.others.size() * (words_of_struct<schema::PreparedPart>() + longest_place)
           + words_of_elsewhere(what.elsewhere) + words_of_elsewhere(what.otherwise);
  }
  std::uint64_t operator()(const resolve&) const { return words_of_struct<schema::Resolve>(); }
  std::uint64_t operator()(const push&) const {
    return words_of_struct<schema::Push>() + longest_place;
  }
  std::uint64_t operator()(const forget&) const {
    return words_of_struct<schema::Forget>() + longest_place;
  }

  std::uint64_t operator()(const aftermath& what) const {
    return words_of_struct<schema::Aftermath>() + 2 * tag
           + what.resolved.size() * words_of_struct<schema::Resolve>()
           + what.known.size() * (words_of_struct<schema::Forget>() + longest_place);
  }

  std::uint64_t operator()(const watch& what) const {
    return words_of_struct<schema::Watch>() + words_of(what.key.size());
  }
  std::uint64_t operator()(const acquire_lock& what) const {
    return words_of_struct<schema::AcquireLock>() + longest_place + words_of(what.owner.size())
           + words_of(what.value);
  }
  std::uint64_t operator()(const keep_lock&) const {
    return words_of_struct<schema::KeepLock>() + longest_place;
  }
  std::uint64_t operator()(const release_lock&) const {
    return words_of_struct<schema::ReleaseLock>() + longest_place;
  }
  std::uint64_t operator()(const read_lock&) const {
    return words_of_struct<schema::ReadLock>() + longest_place;
  }
  std::uint64_t operator()(const raise_fence&) const { return longest_place; }
  std::uint64_t operator()(const end_session&) const { return longest_place; }

  std::uint64_t operator()(const set_space& what) const {
    const storage::space_settings told{what.conflicts.value_or(storage::conflict_rules{})};
    return words_of_struct<schema::SetSpace>() + words_of(what.name.size())
           + words_of(what.schema.value_or("").size()) + words_of(what.policy.value_or("").size())
           + words_of_settings(told);
  }
  std::uint64_t operator()(const settle_escalation& what) const {
    return words_of_struct<schema::SettleEscalation>() + words_of_struct<schema::Place>()
           + words_of(what.key.size());
  }

  static std::uint64_t words_of_elsewhere(const results_elsewhere& what) {
    return what == results_elsewhere{}
             ? 0
             : words_of_struct<schema::Elsewhere>() + words_of(4 * what.places.size())
                 + words_of_results(what.steps_there) + words_of(what.problem.message.size() + 1);
  }
  /// What a client tells: findings are for logs.
  static std::uint64_t words_of_context(const write_context& what) {
    return what == write_context{} ? 0
                                   : words_of_struct<schema::WriteContext>()
                                       + words_of(what.schema.size());
  }
  static std::uint64_t words_of_settings(const storage::space_settings& what) {
    return words_of_struct<schema::SpaceSettings>() + words_of(what.conflicts.merging.size())
           + words_of(what.conflicts.escalation.size()) + words_of(what.schema.size())
           + words_of(what.policy.size());
  }
  static std::uint64_t words_of_terms(const transaction_terms& what) {
    return words_of_struct<schema::Terms>() + words_of_struct<schema::Place>()
           + words_of(what.home.key.size());
  }
  /// A hint, for the size of the first segment.
  static std::uint64_t words_of_places(const transact& what) {
    const auto size = size_of(what);
    return words_of(size.bytes)
           + size.places * (words_of_struct<schema::Step>() + words_of_struct<schema::Place>() + 3);
  }

  static constexpr std::uint64_t condition
    = words_of_struct<schema::Condition>();
  static constexpr std::uint64_t longest_place
    = words_of_struct<schema::Place>() + (bounds::max_key + word) / word;
};

bool has_transaction(capnp::List<schema::Operation>::Reader operations) {
  for (const auto each : operations)
    if (each.isTransact() || each.isPrepare() || each.isDecide())
      return true;
  return false;
}

/// Whether the pointers of a request lead to more than its keys and values, and envelopes,
/// may take. A transaction's bound is its own; whoever is within the other isn't looked
/// through for one.
bool is_too_large(std::uint64_t bytes, capnp::List<schema::Operation>::Reader operations) {
  constexpr auto envelope
    = words_of_struct<schema::Operation>() + words_of_struct<schema::Condition>()
      + words_of_struct<schema::AcquireLock>() + words_of_struct<schema::Place>()
      + words_of_struct<schema::LockFence>() + words_of_struct<schema::Place>()
      + words_of_struct<schema::WriteContext>() + words_of(bounds::max_space_name);
  const auto envelopes = operations.size() * (envelope + 3) * word
                         + words_of_struct<schema::Request>() * word
                         + words_of(max_traceparent) * word;
  if (bytes <= bounds::max_request + envelopes)
    return false;
  return bytes > bounds::max_rpc_message + envelopes
         || !has_transaction(operations);
}

} // namespace

void encode_request(const request& from, schema::Request::Builder to) {
  to.setPartition(from.partition.value);
  to.setEpoch(from.epoch.value);
  to.setSeen(from.seen.value);
  to.setDeadlineMs(from.deadline_ms);
  if (!from.traceparent.empty())
    to.setTraceparent(from.traceparent.c_str());
  auto operations
    = to.initOperations(static_cast<unsigned>(from.operations.size()));
  for (unsigned place = 0; place < operations.size(); ++place)
    encode_operation(from.operations[place], operations[place]);
}

result<request> decode_request(schema::Request::Reader from) {
  const auto operations = from.getOperations();
  if (operations.size() > bounds::max_request_operations)
    return too_large("operations", operations.size(),
                     bounds::max_request_operations);
  // Counts what pointers lead to, as often as they lead there: so it bounds what
  // the copies below take, whatever the bytes of the message were. Envelopes
  // aside, an honest request is within it when its keys and values are.
  const auto bytes = from.totalSize().wordCount * word;
  if (is_too_large(bytes, operations))
    return too_large("bytes of the request", bytes, bounds::max_request);
  if (from.getTraceparent().size() > max_traceparent)
    return too_large("traceparent", from.getTraceparent().size(),
                     max_traceparent);
  request asked;
  asked.partition = {from.getPartition()};
  asked.epoch = {from.getEpoch()};
  asked.seen = {from.getSeen()};
  asked.deadline_ms = from.getDeadlineMs();
  asked.traceparent = from.getTraceparent().cStr();
  asked.operations.reserve(operations.size());
  for (const auto each : operations) {
    auto decoded = decode_operation(each);
    if (!decoded)
      return decoded.problem();
    asked.operations.push_back(std::move(*decoded));
  }
  return asked;
}

void encode_response(const response& from, schema::Response::Builder to) {
  to.setStamp(from.stamp.value);
  to.setEpoch(from.epoch.value);
  to.setLeader(from.leader.value);
  if (from.failure.code != error_code::ok)
    encode_error(from.failure, to.initFailure());
  if (from.answers.empty())
    return;
  auto answers = to.initAnswers(static_cast<unsigned>(from.answers.size()));
  for (unsigned place = 0; place < answers.size(); ++place)
    encode_answer(from.answers[place], answers[place]);
}

response decode_response(schema::Response::Reader from) {
  response given;
  given.stamp = {from.getStamp()};
  given.epoch = {from.getEpoch()};
  given.leader = {from.getLeader()};
  given.failure = decode_error(from.getFailure());
  const auto answers = schema::honest(from.getAnswers());
  given.answers.reserve(answers.size());
  for (const auto each : answers)
    given.answers.push_back(decode_answer(each));
  return given;
}

capnp::MessageSize encoded_size(const request& from) {
  std::uint64_t words = root + words_of_struct<schema::Request>() + tag
                        + words_of(from.traceparent.size())
                        + from.operations.size()
                            * words_of_struct<schema::Operation>();
  for (const auto& each : from.operations)
    words += std::visit(operation_words{}, each.what)
             + (each.fence ? words_of_struct<schema::LockFence>() + operation_words::longest_place
                           : 0);
  return {words, 0};
}

capnp::MessageSize encoded_size(const response& from) {
  std::uint64_t words
    = root + words_of_struct<schema::Response>() + words_of_struct<schema::Error>() + tag
      + words_of(from.failure.message.size()) + words_of(from.failure.trace_id.size())
      + from.answers.size() * words_of_struct<schema::Answer>();
  for (const auto& each : from.answers) {
    words += words_of_results(each.steps);
    if (each.branch)
      words += words_of_struct<schema::OtherBranch>() + words_of_results(each.branch->steps)
               + words_of(each.branch->of_first.message.size() + 1)
               + words_of(each.branch->of_this.message.size() + 1);
    if (each.watched)
      words += words_of(*each.watched);
    if (each.lock)
      words += words_of_struct<schema::LockStanding>() + words_of(each.lock->owner.size())
               + words_of(each.lock->value);
    words += words_of(each.value) + words_of(each.message.size()) + tag
             + each.rows.size() * words_of_struct<schema::ScanRow>();
    for (const auto& row : each.rows)
      words += words_of(row.key.size()) + words_of(row.value);
    for (const auto& row : each.escalated) {
      words += tag + words_of_struct<schema::EscalatedRow>() + words_of(row.key.size());
      for (const auto& one : row.writes)
        words += words_of_struct<schema::EscalatedRow::Write>() + words_of(one.path.size())
                 + words_of(one.reason.size()) + words_of(one.bytes);
    }
  }
  return {words, 0};
}

} // namespace present
