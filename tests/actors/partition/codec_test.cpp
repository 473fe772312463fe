#include "actors/partition/entry_codec.hpp"
#include "actors/partition/operation_codec.hpp"
#include "runtime/base/bounds.hpp"
#include "tests/actors/partition/operations.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <doctest/doctest.h>
#include <kj/exception.h>
#include <rapidcheck.h>

#include "schemas/entry.capnp.h"

using namespace present;
using namespace present::partition::test;

namespace {

bool same(const bytes_ptr& a, const bytes_ptr& b) {
  return !a == !b && (!a || *a == *b);
}

/// A value that isn't there is the empty one when written.
std::string text(const bytes_ptr& value) {
  return value ? *value : std::string{};
}

bool same(const put& a, const put& b) {
  return a.space == b.space && a.key == b.key && a.when == b.when && a.knows == b.knows
         && text(a.value) == text(b.value);
}
template <class What>
bool same(const What& a, const What& b) {
  return a == b;
}

bool same(const operation& a, const operation& b) {
  return a.id == b.id && a.retry_until == b.retry_until
         && a.acked_below == b.acked_below && a.what.index() == b.what.index()
         && !a.fence == !b.fence && (!a.fence || *a.fence == *b.fence)
         && std::visit(
           [&](const auto& what) {
             return same(what, std::get<std::decay_t<decltype(what)>>(b.what));
           },
           a.what);
}

bool same(const answer& a, const answer& b) {
  if (a.rows.size() != b.rows.size())
    return false;
  for (std::size_t i = 0; i < a.rows.size(); ++i)
    if (a.rows[i].key != b.rows[i].key || a.rows[i].version != b.rows[i].version
        || !same(a.rows[i].value, b.rows[i].value))
      return false;
  return a.id == b.id && a.code == b.code && a.known == b.known
         && a.version == b.version && same(a.value, b.value) && a.more == b.more
         && a.repeated == b.repeated && a.message == b.message && a.otherwise == b.otherwise
         && storage::same_results(a.steps, b.steps) && !a.holder == !b.holder
         && (!a.holder || *a.holder == *b.holder) && !a.lock == !b.lock
         && (!a.lock || *a.lock == *b.lock) && a.conflict == b.conflict
         && a.escalated == b.escalated && a.took_otherwise == b.took_otherwise
         && !a.branch == !b.branch && (!a.branch || *a.branch == *b.branch);
}

bytes_ptr any_bytes() {
  return *rc::gen::arbitrary<bool>() ? nullptr
                                     : bytes(*rc::gen::arbitrary<std::string>());
}

condition any_condition() {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return always{};
    case 1:
      return if_absent{};
    default:
      return if_version{{*rc::gen::arbitrary<std::uint64_t>()}};
  }
}

template <class Make>
auto several(Make make) {
  std::vector<decltype(make())> all;
  const auto size = *rc::gen::inRange(0, 5);
  for (int n = 0; n < size; ++n)
    all.push_back(make());
  return all;
}

node_id any_node() {
  return {*rc::gen::arbitrary<std::uint32_t>()};
}

std::string any_text() {
  return *rc::gen::arbitrary<std::string>();
}

raft::member_store any_founder() {
  return {any_node(), {*rc::gen::arbitrary<std::uint64_t>()}};
}

cluster_map any_map() {
  cluster_map map;
  map.epoch = {*rc::gen::arbitrary<std::uint64_t>()};
  map.cluster = any_text();
  map.nodes = several([] {
    return cluster_map::node{any_node(), {*rc::gen::arbitrary<std::uint64_t>()},
                             static_cast<storage::node_state>(*rc::gen::inRange(1, 4)),
                             any_text(), any_text()};
  });
  for (const auto& name : several(any_text))
    map.spaces[name] = {*rc::gen::arbitrary<std::uint32_t>()};
  if (!map.spaces.empty())
    map.settings[map.spaces.begin()->second].closes_after_ms = 7;
  map.ranges = several([] {
    return cluster_map::range{{*rc::gen::arbitrary<std::uint32_t>()}, any_text(),
                              {*rc::gen::arbitrary<std::uint32_t>()}};
  });
  map.partitions = several([] {
    return storage::placement{{*rc::gen::arbitrary<std::uint32_t>()},
                              several(any_founder),
                              several(any_node),
                              several(any_node),
                              {*rc::gen::arbitrary<std::uint64_t>()}};
  });
  map.leaders[{*rc::gen::arbitrary<std::uint32_t>()}] = any_node();
  return map;
}

storage::space_settings any_settings() {
  storage::space_settings settings;
  settings.conflicts = {static_cast<storage::conflict_strategy>(*rc::gen::inRange(0, 5)),
                        any_text(), any_text()};
  settings.versions_kept = *rc::gen::arbitrary<std::uint32_t>();
  settings.schema = any_text();
  settings.closes_after_ms = *rc::gen::arbitrary<std::uint64_t>();
  settings.policy = any_text();
  return settings;
}

own_command any_command() {
  switch (*rc::gen::inRange(0, 5)) {
    case 3:
      return expire_claims{several([] {
        return claim_name{{{*rc::gen::arbitrary<std::uint32_t>()}, any_text()},
                          {*rc::gen::arbitrary<std::uint64_t>()}};
      })};
    case 0:
      return found_catalog{std::make_shared<const cluster_map>(any_map())};
    case 1:
      return adopt_share{{*rc::gen::arbitrary<std::uint64_t>()}, several([] {
                           return storage::key_range{{*rc::gen::arbitrary<std::uint32_t>()},
                                                     any_text(), any_text()};
                         }),
                         several([] {
                           return storage::owned_space{{*rc::gen::arbitrary<std::uint32_t>()},
                                                       any_settings()};
                         })};
    case 2:
      return digest_marker{};
    default:
      return {};
  }
}

bool same(const own_command& a, const own_command& b) {
  if (const auto* birth = std::get_if<found_catalog>(&a))
    return b.index() == a.index() && *birth->map == *std::get<found_catalog>(b).map;
  if (const auto* share = std::get_if<adopt_share>(&a))
    return b.index() == a.index() && *share == std::get<adopt_share>(b);
  if (const auto* gone = std::get_if<expire_claims>(&a))
    return b.index() == a.index() && *gone == std::get<expire_claims>(b);
  return b.index() == a.index();
}

space_id any_space() {
  return {*rc::gen::arbitrary<std::uint32_t>()};
}

hlc_stamp any_stamp() {
  return {*rc::gen::arbitrary<std::uint64_t>()};
}

anchor any_anchor() {
  return {any_space(), any_text()};
}

operation_id any_id() {
  return {{*rc::gen::arbitrary<std::uint64_t>()}, {*rc::gen::arbitrary<std::uint64_t>()}};
}

transaction_terms any_terms() {
  return {any_id(), any_anchor(), any_stamp(), any_stamp()};
}

step any_step() {
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return get_step{any_space(), any_text()};
    case 1:
      return scan_step{any_space(), any_text(), any_text(),
                       *rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<bool>()};
    case 2:
      return put_step{any_space(), any_text(), any_bytes()};
    case 3:
      return remove_step{any_space(), any_text()};
    case 4:
      return number_step{any_space(), any_text(),
                         static_cast<number_change>(*rc::gen::inRange(0, 3)),
                         *rc::gen::arbitrary<std::int64_t>()};
    default:
      return element_step{any_space(), any_text(),
                          static_cast<element_change>(*rc::gen::inRange(0, 3)), any_text()};
  }
}

conflict::findings any_findings() {
  return {static_cast<conflict::schema_finding>(*rc::gen::inRange(0, 3)), any_text(),
          static_cast<conflict::policy_finding>(*rc::gen::inRange(0, 3)), any_text(), any_text()};
}

branch_findings any_findings_of_branch() {
  return {several([] { return judged_write{*rc::gen::arbitrary<std::uint32_t>(), any_stamp()}; }),
          any_findings()};
}

transact any_transact(bool whole) {
  transact what;
  what.start = any_stamp();
  what.seen = several([] { return seen_key{any_space(), any_text(), any_stamp()}; });
  what.ranges = several([] {
    return seen_range{any_space(), any_text(), any_text(),
                      several([] { return seen_row{any_text(), any_stamp()}; })};
  });
  what.then = several(any_step);
  if (!whole)
    return what;
  what.otherwise = several(any_step);
  if (*rc::gen::arbitrary<bool>())
    what.found = std::make_shared<const transaction_findings>(
      transaction_findings{any_findings_of_branch(), any_findings_of_branch()});
  what.compare = several([] {
    comparison one{any_space(), any_text(), static_cast<relation>(*rc::gen::inRange(0, 4)), {}};
    if (*rc::gen::arbitrary<bool>())
      one.to = any_stamp();
    else
      one.to = any_text();
    return one;
  });
  return what;
}

template <class Make>
auto perhaps(Make make) {
  return *rc::gen::arbitrary<bool>() ? std::nullopt : std::optional{make()};
}

storage::authorship any_author() {
  return {any_stamp(), *rc::gen::arbitrary<std::uint64_t>()};
}

write_context any_context() {
  write_context knows{perhaps(any_stamp), perhaps(any_author), perhaps(any_stamp), any_text(), {}};
  if (*rc::gen::arbitrary<bool>()) {
    write_findings found;
    found.found = any_findings();
    found.migrated = *rc::gen::arbitrary<bool>();
    found.merged = any_bytes();
    found.merged_of = any_stamp();
    found.merge_problem = any_text();
    knows.found = std::make_shared<const write_findings>(std::move(found));
  }
  return knows;
}

set_space any_change_of_space() {
  return {any_text(), perhaps([] { return any_settings().conflicts; }),
          perhaps([] { return *rc::gen::arbitrary<std::uint64_t>(); }), perhaps(any_text),
          perhaps(any_text)};
}

escalated_row any_escalated() {
  return {any_text(), several([] {
            return storage::escalated_write{any_stamp(), any_text(), any_text(), any_stamp(),
                                            *rc::gen::arbitrary<bool>(), any_bytes(),
                                            perhaps(any_author)};
          })};
}

storage::step_results any_results() {
  if (*rc::gen::arbitrary<bool>())
    return nullptr;
  return std::make_shared<const std::vector<storage::step_result>>(several([] {
    return storage::step_result{error_code::not_found, any_stamp(), any_bytes(),
                                several([] {
                                  return storage::result_row{any_text(), any_stamp(), any_bytes()};
                                }),
                                *rc::gen::arbitrary<bool>()};
  }));
}

storage::branch_problem any_problem() {
  return *rc::gen::arbitrary<bool>()
           ? storage::branch_problem{}
           : storage::branch_problem{error_code::invalid, *rc::gen::arbitrary<std::string>()};
}

results_elsewhere any_elsewhere() {
  return {*rc::gen::arbitrary<std::uint32_t>(),
          several([] { return *rc::gen::arbitrary<std::uint32_t>(); }), any_results(),
          any_problem()};
}

storage::other_branch any_branch() {
  return {*rc::gen::arbitrary<bool>(), any_problem(), any_problem(), {}, any_results()};
}

/// What only transactions are made of.
decltype(operation::what) any_of_transaction() {
  const auto any_resolve = [] {
    return resolve{any_id(), *rc::gen::arbitrary<bool>(), any_stamp(), any_stamp(),
                   *rc::gen::arbitrary<bool>()};
  };
  const auto any_forget = [] { return forget{any_id(), any_anchor()}; };
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return any_transact(true);
    case 1:
      return prepare{any_terms(), any_transact(true), *rc::gen::arbitrary<bool>()};
    case 2:
      return decide{any_terms(),
                    any_transact(true),
                    several([] { return prepared_part{any_anchor(), any_stamp()}; }),
                    any_elsewhere(),
                    *rc::gen::arbitrary<bool>(),
                    any_elsewhere()};
    case 3:
      return any_resolve();
    case 4:
      return push{any_id(), any_anchor(), any_stamp()};
    case 5:
      return aftermath{several(any_resolve), several(any_forget)};
    default:
      return any_forget();
  }
}

decltype(operation::what) any_of_lock() {
  const auto any_claim = [] { return claim_id{*rc::gen::arbitrary<std::uint64_t>()}; };
  const auto any_ms = [] { return *rc::gen::arbitrary<std::uint32_t>(); };
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return acquire_lock{any_space(), any_text(), any_claim(), any_ms(),
                          *rc::gen::arbitrary<bool>(), any_text(), any_bytes(),
                          *rc::gen::arbitrary<bool>()};
    case 5:
      return end_session{any_space(), any_text()};
    case 1:
      return keep_lock{any_space(), any_text(), any_claim(), any_ms()};
    case 2:
      return release_lock{any_space(), any_text(), any_claim()};
    case 3:
      return read_lock{any_space(), any_text(), any_stamp(), any_ms()};
    default:
      return raise_fence{any_space(), any_text()};
  }
}

std::shared_ptr<const lock_fence> any_fence() {
  return std::make_shared<const lock_fence>(lock_fence{any_space(), any_text(), any_stamp()});
}

operation any_operation() {
  operation asked;
  asked.id = {{*rc::gen::arbitrary<std::uint64_t>()}, {*rc::gen::arbitrary<std::uint64_t>()}};
  asked.retry_until = {*rc::gen::arbitrary<std::uint64_t>()};
  asked.acked_below = {*rc::gen::arbitrary<std::uint64_t>()};
  const space_id space{*rc::gen::arbitrary<std::uint32_t>()};
  const auto text = [] { return *rc::gen::arbitrary<std::string>(); };
  if (*rc::gen::arbitrary<bool>())
    asked.fence = any_fence();
  switch (*rc::gen::inRange(0, 17)) {
    case 15:
      asked.what = any_change_of_space();
      break;
    case 16:
      asked.what = settle_escalation{space, text(), any_stamp(), *rc::gen::arbitrary<bool>()};
      break;
    case 13:
    case 14:
      asked.what = any_of_lock();
      break;
    case 10:
    case 11:
    case 12:
      asked.what = any_of_transaction();
      break;
    case 0:
      asked.what = get{space, text()};
      break;
    case 1:
      asked.what = scan{space, text(), text(), *rc::gen::arbitrary<std::uint32_t>(),
                        *rc::gen::arbitrary<bool>(), false,
                        {*rc::gen::arbitrary<std::uint64_t>()}, *rc::gen::arbitrary<bool>()};
      break;
    case 2:
      asked.what = put{space, text(), any_bytes(), any_condition(), any_context()};
      break;
    case 3:
      asked.what = remove_key{space, text(), any_condition(), any_context()};
      break;
    case 4:
      asked.what = create_space{text(), *rc::gen::arbitrary<std::uint32_t>(),
                                several(text), any_settings()};
      break;
    case 5:
      asked.what = add_node{any_node(), {*rc::gen::arbitrary<std::uint64_t>()}, text(),
                            text()};
      break;
    case 6:
      asked.what = drain_node{any_node(), *rc::gen::arbitrary<bool>()};
      break;
    case 7:
      asked.what = remove_node{any_node()};
      break;
    case 8:
      asked.what = report_members{{*rc::gen::arbitrary<std::uint32_t>()},
                                  {*rc::gen::arbitrary<std::uint64_t>()},
                                  several(any_node),
                                  {*rc::gen::arbitrary<std::uint64_t>()}};
      break;
    default:
      asked.what = drop_space{text()};
  }
  return asked;
}

answer any_answer() {
  answer given;
  given.id = {{*rc::gen::arbitrary<std::uint64_t>()}, {*rc::gen::arbitrary<std::uint64_t>()}};
  given.code = static_cast<error_code>(*rc::gen::inRange(0, 24));
  given.known = static_cast<outcome>(*rc::gen::inRange(0, 3));
  given.version = {*rc::gen::arbitrary<std::uint64_t>()};
  given.value = any_bytes();
  given.more = *rc::gen::arbitrary<bool>();
  given.repeated = *rc::gen::arbitrary<bool>();
  given.message = *rc::gen::arbitrary<std::string>();
  given.steps = any_results();
  given.otherwise = *rc::gen::arbitrary<bool>();
  given.took_otherwise = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>())
    given.branch = std::make_shared<const storage::other_branch>(any_branch());
  if (*rc::gen::arbitrary<bool>())
    given.holder = std::make_shared<const lock_holder>(lock_holder{any_terms()});
  if (*rc::gen::arbitrary<bool>())
    given.lock = std::make_shared<const lock_standing>(
      lock_standing{any_stamp(), any_stamp(), 1000, 3, any_text(), any_bytes()});
  given.conflict = perhaps([] {
    return conflict::note{static_cast<conflict::conflict_kind>(*rc::gen::inRange(0, 5)),
                          static_cast<conflict::outcome_kind>(*rc::gen::inRange(0, 7))};
  });
  given.escalated = several(any_escalated);
  const auto rows = *rc::gen::inRange(0, 5);
  for (int n = 0; n < rows; ++n)
    given.rows.push_back({*rc::gen::arbitrary<std::string>(),
                          {*rc::gen::arbitrary<std::uint64_t>()}, any_bytes()});
  return given;
}

entry_batch any_batch() {
  entry_batch batch;
  batch.machine_version = *rc::gen::arbitrary<std::uint16_t>();
  batch.first_stamp = {*rc::gen::arbitrary<std::uint64_t>()};
  batch.command = any_command();
  const auto count = *rc::gen::inRange(0, 6);
  for (int n = 0; n < count; ++n)
    batch.operations.push_back(any_operation());
  return batch;
}

void expect_same(const entry_batch& a, const entry_batch& b) {
  RC_ASSERT(a.machine_version == b.machine_version);
  RC_ASSERT(a.first_stamp == b.first_stamp);
  RC_ASSERT(same(a.command, b.command));
  RC_ASSERT(a.operations.size() == b.operations.size());
  for (std::size_t i = 0; i < a.operations.size(); ++i)
    RC_ASSERT(same(a.operations[i], b.operations[i]));
}

/// Decodes as the wire does, which turns Cap'n Proto's complaints into one.
void decode_hostile_answer(std::string bytes) {
  bytes.resize(bytes.size() / sizeof(capnp::word) * sizeof(capnp::word));
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(words.begin()));
  (void)kj::runCatchingExceptions([&] {
    capnp::FlatArrayMessageReader message{words};
    const auto given = decode_answer(message.getRoot<schema::Answer>());
    RC_ASSERT(given.rows.size() <= bounds::max_scan_page);
  });
}

std::string encoded(const answer& given) {
  capnp::MallocMessageBuilder message;
  encode_answer(given, message.initRoot<schema::Answer>());
  const auto words = capnp::messageToFlatArray(message);
  return {reinterpret_cast<const char*>(words.begin()), words.asBytes().size()};
}

} // namespace

TEST_CASE("an entry is read as it was written") {
  CHECK(rc::check([] {
    const auto batch = any_batch();
    const auto read = decode_entry(*encode_entry(batch));
    RC_ASSERT(bool(read));
    expect_same(batch, *read);
  }));
}

TEST_CASE("an entry is read at any address") {
  const auto batch = batch_at(at_ms(0), {write(1, 1, put_of("key", "value"))});
  const auto bytes = encode_entry(batch);
  for (std::size_t shift = 0; shift < sizeof(capnp::word); ++shift) {
    const auto shifted = std::string(shift, 'x') + *bytes;
    const auto read = decode_entry(std::string_view{shifted}.substr(shift));
    REQUIRE(read);
    CHECK(same(read->operations.front(), batch.operations.front()));
  }
}

TEST_CASE("an operation and an answer are read as they were written") {
  CHECK(rc::check([] {
    capnp::MallocMessageBuilder message;
    const auto asked = any_operation();
    encode_operation(asked, message.initRoot<schema::Operation>());
    const auto read = decode_operation(message.getRoot<schema::Operation>());
    RC_ASSERT(bool(read));
    RC_ASSERT(same(asked, *read));
  }));
  CHECK(rc::check([] {
    capnp::MallocMessageBuilder message;
    const auto given = any_answer();
    encode_answer(given, message.initRoot<schema::Answer>());
    RC_ASSERT(same(given, decode_answer(message.getRoot<schema::Answer>())));
  }));
}

TEST_CASE("a zero byte is part of a name, not its end") {
  const std::string name{"a\0b", 3};
  const auto batch = batch_at(at_ms(0), {write(1, 1, create_space{name})});
  const auto read = decode_entry(*encode_entry(batch));
  REQUIRE(read);
  CHECK(std::get<create_space>(read->operations[0].what).name == name);
}

TEST_CASE("truncated bytes are damaged or another entry, never a crash") {
  CHECK(rc::check([] {
    const auto bytes = *encode_entry(any_batch());
    const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const auto read = decode_entry(std::string_view{bytes}.substr(0, cut));
    if (!read)
      RC_ASSERT(read.problem().code == error_code::damaged);
  }));
  CHECK_FALSE(decode_entry("12345"));
}

TEST_CASE("flipped bits are an error or another entry, never a crash") {
  CHECK(rc::check([] {
    auto bytes = *encode_entry(any_batch());
    const auto flips = *rc::gen::inRange(1, 6);
    for (int n = 0; n < flips; ++n)
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())]
        ^= static_cast<char>(1 << *rc::gen::inRange(0, 8));
    (void)decode_entry(bytes);
  }));
  CHECK(rc::check([] {
    auto bytes = encoded(any_answer());
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())]
      ^= static_cast<char>(1 << *rc::gen::inRange(0, 8));
    decode_hostile_answer(std::move(bytes));
  }));
}

TEST_CASE("a list that takes no bytes can't make us allocate for what it says it is") {
  capnp::MallocMessageBuilder message;
  message.initRoot<schema::EntryBatch>().initOperations(1);
  auto words = capnp::messageToFlatArray(message);
  // The list's tag says how many structs of how many words follow: many of none.
  auto* raw = reinterpret_cast<std::uint64_t*>(words.begin());
  bool found = false;
  for (std::size_t word = 1; word < words.size(); ++word) {
    constexpr std::uint64_t one_struct = std::uint64_t{1} << 2;
    if ((raw[word] & 0xffffffff) == one_struct) {
      raw[word] = std::uint64_t{4'000'000} << 2;
      found = true;
    }
  }
  REQUIRE(found);
  const auto read = decode_entry(
    {reinterpret_cast<const char*>(words.begin()), words.asBytes().size()});
  REQUIRE_FALSE(read);
  CHECK(read.problem().code == error_code::damaged);
}

TEST_CASE("an operation of a kind that this program lacks is invalid, not damaged") {
  capnp::MallocMessageBuilder message;
  message.initRoot<schema::EntryBatch>().initOperations(1);
  auto words = capnp::messageToFlatArray(message);
  const auto reader = message.getRoot<schema::EntryBatch>().getOperations();
  // The union's tag is the one field of an empty operation that can be found by
  // trying: set each 16 bits in turn until the kind is unknown.
  bool found = false;
  auto* halves = reinterpret_cast<std::uint16_t*>(words.begin());
  for (std::size_t at = 4; at < words.size() * 4 && !found; ++at) {
    const auto before = halves[at];
    halves[at] = 999;
    const auto read = decode_entry(
      {reinterpret_cast<const char*>(words.begin()), words.asBytes().size()});
    found = !read && read.problem().code == error_code::invalid;
    halves[at] = before;
  }
  CHECK(found);
  CHECK(reader.size() == 1);
}
