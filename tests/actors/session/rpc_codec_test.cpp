#include "actors/session/rpc_codec.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/network/error_codec.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>

using namespace present;

namespace {

std::uint64_t any_number() {
  return *rc::gen::arbitrary<std::uint64_t>();
}

std::uint32_t any_small() {
  return *rc::gen::arbitrary<std::uint32_t>();
}

std::string any_bytes() {
  return *rc::gen::arbitrary<std::string>();
}

std::string any_text() {
  return *rc::gen::container<std::string>(rc::gen::inRange<char>(32, 127));
}

bytes_ptr any_value() {
  return std::make_shared<const std::string>(any_bytes());
}

condition any_condition() {
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return always{};
    case 1:
      return if_absent{};
    default:
      return if_version{{any_number()}};
  }
}

operation any_operation() {
  operation made;
  made.id = {{any_number()}, {any_number()}};
  made.retry_until = {any_number()};
  made.acked_below = {any_number()};
  const space_id space{any_small()};
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      made.what = get{space, any_bytes()};
      break;
    case 1:
      made.what = scan{space, any_bytes(), any_bytes(), any_small(),
                       *rc::gen::arbitrary<bool>()};
      break;
    case 2:
      made.what = put{space, any_bytes(), any_value(), any_condition()};
      break;
    case 3:
      made.what = remove_key{space, any_bytes(), any_condition()};
      break;
    case 4:
      made.what = create_space{any_text()};
      break;
    default:
      made.what = drop_space{any_text()};
  }
  return made;
}

template <class Make>
auto several(Make make) {
  std::vector<decltype(make())> all;
  for (int left = *rc::gen::inRange(0, 5); left > 0; --left)
    all.push_back(make());
  return all;
}

request any_request() {
  request made;
  made.partition = {any_small()};
  made.epoch = {any_number()};
  made.seen = {any_number()};
  made.deadline_ms = any_small();
  made.traceparent = any_text().substr(0, 55);
  made.operations = several(any_operation);
  return made;
}

answer any_answer() {
  answer made;
  made.id = {{any_number()}, {any_number()}};
  made.code = static_cast<error_code>(*rc::gen::inRange(0, 24));
  made.known = static_cast<outcome>(*rc::gen::inRange(0, 3));
  made.version = {any_number()};
  if (*rc::gen::arbitrary<bool>())
    made.value = any_value();
  made.rows = several([] {
    return scan_row{any_bytes(), {any_number()},
                    *rc::gen::arbitrary<bool>() ? any_value() : nullptr};
  });
  made.more = *rc::gen::arbitrary<bool>();
  made.repeated = *rc::gen::arbitrary<bool>();
  made.message = any_text();
  return made;
}

error any_error() {
  error made;
  made.code = static_cast<error_code>(*rc::gen::inRange(1, 24));
  made.known = made.code == error_code::unknown_outcome
                 ? outcome::unknown
                 : static_cast<outcome>(*rc::gen::inRange(0, 3));
  made.message = any_text();
  made.retry_after_ms = any_small();
  made.leader_hint = any_small();
  made.current_version = any_number();
  made.trace_id = any_text();
  return made;
}

response any_response() {
  response made;
  made.answers = several(any_answer);
  if (*rc::gen::arbitrary<bool>())
    made.failure = any_error();
  made.stamp = {any_number()};
  made.epoch = {any_number()};
  made.leader = {any_small()};
  return made;
}

bool same_bytes(const bytes_ptr& one, const bytes_ptr& other) {
  return one == other || (one && other && *one == *other);
}

bool same_what(const put& one, const put& other) {
  return one.space == other.space && one.key == other.key
         && one.when == other.when && same_bytes(one.value, other.value);
}

template <class T>
bool same_what(const T& one, const T& other) {
  return one == other;
}

bool same(const operation& one, const operation& other) {
  return one.id == other.id && one.retry_until == other.retry_until
         && one.acked_below == other.acked_below
         && one.what.index() == other.what.index()
         && std::visit(
           [&](const auto& what) {
             using kind = std::decay_t<decltype(what)>;
             return same_what(what, std::get<kind>(other.what));
           },
           one.what);
}

bool same(const request& one, const request& other) {
  return one.partition == other.partition && one.epoch == other.epoch
         && one.seen == other.seen && one.deadline_ms == other.deadline_ms
         && one.traceparent == other.traceparent
         && std::ranges::equal(one.operations, other.operations,
                               [](auto& a, auto& b) { return same(a, b); });
}

bool same(const scan_row& one, const scan_row& other) {
  return one.key == other.key && one.version == other.version
         && same_bytes(one.value, other.value);
}

bool same(const answer& one, const answer& other) {
  return one.id == other.id && one.code == other.code && one.known == other.known
         && one.version == other.version && same_bytes(one.value, other.value)
         && one.more == other.more && one.repeated == other.repeated
         && one.message == other.message
         && std::ranges::equal(one.rows, other.rows,
                               [](auto& a, auto& b) { return same(a, b); });
}

bool same(const response& one, const response& other) {
  return one.failure == other.failure && one.stamp == other.stamp
         && one.epoch == other.epoch && one.leader == other.leader
         && std::ranges::equal(one.answers, other.answers,
                               [](auto& a, auto& b) { return same(a, b); });
}

request request_of(std::size_t operations, std::size_t value_bytes) {
  request made;
  const auto value
    = std::make_shared<const std::string>(std::string(value_bytes, 'v'));
  for (std::size_t i = 0; i < operations; ++i) {
    operation each;
    each.id = {{7}, {i + 1}};
    each.what = put{{1}, std::string(bounds::max_key, 'k'), value, if_absent{}};
    made.operations.push_back(each);
  }
  return made;
}

/// Encodes into a message of exactly the announced size.
result<request> there_and_back(const request& sent) {
  capnp::MallocMessageBuilder builder(
    static_cast<unsigned>(encoded_size(sent).wordCount));
  encode_request(sent, builder.initRoot<schema::Request>());
  CHECK(builder.getSegmentsForOutput().size() == 1);
  capnp::ReaderOptions generous;
  generous.traversalLimitInWords = bounds::rpc_traversal_words;
  capnp::SegmentArrayMessageReader reader(builder.getSegmentsForOutput(),
                                          generous);
  return decode_request(reader.getRoot<schema::Request>());
}

} // namespace

TEST_CASE("every request comes back as it went, in one segment") {
  CHECK(rc::check([] {
    const auto sent = any_request();
    const auto back = there_and_back(sent);
    RC_ASSERT(bool(back));
    RC_ASSERT(same(*back, sent));
  }));
}

TEST_CASE("every response comes back as it went, in one segment") {
  CHECK(rc::check([] {
    const auto sent = any_response();
    capnp::MallocMessageBuilder builder(
      static_cast<unsigned>(encoded_size(sent).wordCount));
    encode_response(sent, builder.initRoot<schema::Response>());
    RC_ASSERT(builder.getSegmentsForOutput().size() == 1u);
    capnp::SegmentArrayMessageReader reader(builder.getSegmentsForOutput());
    RC_ASSERT(same(decode_response(reader.getRoot<schema::Response>()), sent));
  }));
}

TEST_CASE("the largest allowed request passes, one operation or byte more fails") {
  CHECK(there_and_back(request_of(1000, 3000)));
  const auto many = there_and_back(request_of(1001, 10));
  REQUIRE_FALSE(many);
  CHECK(many.problem().code == error_code::too_large);
  CHECK(many.problem().message == "operations: 1001; the limit is 1000");
  CHECK_FALSE(there_and_back(request_of(5, bounds::max_value)));
}

TEST_CASE("bytes that are pointed at many times count as often") {
  capnp::MallocMessageBuilder builder(40'000);
  auto operations = builder.initRoot<schema::Request>().initOperations(900);
  operations[0].initPut().initValue(16 * 1024);
  std::ranges::fill(operations[0].getPut().getValue(), 'A');
  for (unsigned place = 1; place < operations.size(); ++place)
    operations[place].initPut().initValue(1);
  REQUIRE(builder.getSegmentsForOutput().size() == 1);
  const auto segment = builder.getSegmentsForOutput()[0];
  std::vector<std::uint64_t> words(segment.size());
  std::memcpy(words.data(), segment.begin(), segment.size() * 8);
  const auto target = static_cast<std::uint64_t>(
    std::ranges::find(words, 0x4141414141414141) - words.begin());

  // Every list of one byte now is the one of 16 KiB.
  constexpr std::uint64_t list_of_bytes = std::uint64_t{2} << 32 | 1;
  const auto is_one_byte = [](std::uint64_t word) {
    return (word & 3) == 1 && word >> 32 == (1 << 3 | 2);
  };
  for (std::uint64_t at = 0; at < words.size(); ++at)
    if (is_one_byte(words[at]))
      words[at] = std::uint64_t{16 * 1024} << 35 | list_of_bytes
                  | (((target - at - 1) & 0x3fffffff) << 2);

  const kj::ArrayPtr<const capnp::word> hostile[]
    = {{reinterpret_cast<const capnp::word*>(words.data()), words.size()}};
  capnp::ReaderOptions generous;
  generous.traversalLimitInWords = bounds::rpc_traversal_words;
  capnp::SegmentArrayMessageReader reader(kj::arrayPtr(hostile, 1), generous);
  const auto root = reader.getRoot<schema::Request>();
  REQUIRE(root.getOperations()[899].getPut().getValue().size() == 16 * 1024);
  const auto back = decode_request(root);
  REQUIRE_FALSE(back);
  CHECK(back.problem().code == error_code::too_large);
}

TEST_CASE("an error's code of a newer program is an unknown outcome (P5)") {
  capnp::MallocMessageBuilder builder;
  auto raw = builder.initRoot<schema::Error>();
  raw.setCode(static_cast<schema::ErrorCode>(500));
  raw.setOutcome(schema::Outcome::NOT_APPLIED);
  const auto read = decode_error(raw.asReader());
  CHECK(read.code == error_code::unknown_outcome);
  CHECK(read.known == outcome::unknown);
}

TEST_CASE("a response without a failure reads as ok") {
  capnp::MallocMessageBuilder builder;
  encode_response(response{}, builder.initRoot<schema::Response>());
  const auto back
    = decode_response(builder.getRoot<schema::Response>().asReader());
  CHECK(back.failure.code == error_code::ok);
}
