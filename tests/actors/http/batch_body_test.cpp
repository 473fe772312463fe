#include "actors/http/batch_body.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace present;
using namespace present::http;

namespace {

std::vector<client::call_kind> parsed(const std::string& body) {
  auto calls = parse_batch_body(body);
  REQUIRE_MESSAGE(calls, (calls ? "" : calls.problem().message));
  return *calls;
}

std::string complaint(const std::string& body) {
  const auto calls = parse_batch_body(body);
  REQUIRE_FALSE(calls);
  return std::string{traits_of(calls.problem().code).name} + ": " + calls.problem().message;
}

std::string one(const std::string& members) {
  return R"({"operations":[{)" + members + "}]}";
}

std::string many(std::size_t count) {
  std::string body = R"({"operations":[)";
  for (std::size_t place = 0; place < count; ++place)
    body += (place ? "," : "") + std::string{R"({"op":"get","space":"s","key":"k"})"};
  return body + "]}";
}

} // namespace

TEST_CASE("a batch is its operations, in their order") {
  const auto calls = parsed(R"({"operations":[
    {"op":"put","space":"s","key":"a","value":"1","if_absent":true},
    {"op":"put","space":"s","key":"AP8=","value":"dg==","encoding":"base64"},
    {"op":"delete","space":"t","key":"b","if_version":17},
    {"op":"get","space":"s","key":"grün","consistency":"stale"}]})");
  REQUIRE(calls.size() == 4);
  const auto& put = std::get<client::put_call>(calls[0]);
  CHECK(put.space == "s");
  CHECK(put.key == "a");
  CHECK(*put.value == "1");
  CHECK(put.when == condition{if_absent{}});
  const auto& coded = std::get<client::put_call>(calls[1]);
  CHECK(coded.key == std::string("\0\xff", 2));
  CHECK(*coded.value == "v");
  CHECK(coded.when == condition{always{}});
  const auto& removed = std::get<client::remove_call>(calls[2]);
  CHECK(removed.when == condition{if_version{{17}}});
  const auto& read = std::get<client::get_call>(calls[3]);
  CHECK(read.key == "grün");
  CHECK(read.stale);
}

TEST_CASE("what is not JSON is named by line and column") {
  CHECK(complaint("{\n  \"operations\": [nope]\n}").starts_with("invalid: body: line 2, column 19: not JSON: "));
  CHECK(complaint("").starts_with("invalid: body: line 1, column 1: not JSON: "));
  CHECK(complaint(R"({"operations":[]} x)").starts_with("invalid: body: line 1, column 19: "));
  CHECK(complaint("{\"operations\":[{\"op\":\"get\",\"space\":\"s\",\"key\":\"\xff\"}]}")
          .find("not JSON") != std::string::npos);
}

TEST_CASE("what is no batch is named by its place") {
  const std::string shape = R"(invalid: body: must be {"operations":[…]})";
  for (const auto* body : {"[]", "{}", "7", R"({"operations":7})", R"({"operations":[],"more":1})"})
    CHECK(complaint(body) == shape);
  CHECK(complaint(R"({"operations":[]})") == "invalid: operations: 0; a batch has 1 to 1000");
  CHECK(complaint(R"({"operations":[7]})") == "invalid: operations[0]: must be an object");
  CHECK(complaint(one("")) == "invalid: operations[0].op: is missing");
  CHECK(complaint(one(R"("op":"get","space":"s")")) == "invalid: operations[0].key: is missing");
  CHECK(complaint(one(R"("op":"get","space":7,"key":"k")"))
        == "invalid: operations[0].space: must be a string");
  CHECK(complaint(one(R"("op":"incr","space":"s","key":"k")"))
        == "invalid: operations[0].op: 'incr' is none of put, get, delete");
  CHECK(complaint(one(R"("op":"put","space":"s","key":"k")"))
        == "invalid: operations[0].value: is missing");
  CHECK(complaint(one(R"("op":"get","space":"s","key":"k","value":"v")"))
        == "invalid: operations[0].value: unknown; there are op, space, encoding, key, consistency");
  CHECK(complaint(one(R"("op":"delete","space":"s","key":"k","if_absent":true)"))
          .starts_with("invalid: operations[0].if_absent: unknown"));
  CHECK(complaint(one(R"("op":"put","space":"s","key":"k","value":"v","if_version":"7")"))
        == "invalid: operations[0].if_version: must be a version, a whole number above 0");
  CHECK(complaint(one(R"("op":"put","space":"s","key":"k","value":"v","if_version":7,"if_absent":true)"))
        == "invalid: operations[0].if_absent: and if_version: one of them");
  CHECK(complaint(one(R"("op":"get","space":"s","key":"a*","encoding":"base64")"))
        == "invalid: operations[0].key: is not base64");
  CHECK(complaint(one(R"("op":"get","space":"s","key":"k","encoding":"hex")"))
        == "invalid: operations[0].encoding: 'hex' is neither utf-8 nor base64");
  auto late = many(3);
  late.replace(late.rfind("get"), 3, "got");
  CHECK(complaint(late).starts_with("invalid: operations[2].op: 'got'"));
}

TEST_CASE("a batch has its limit, and no body makes the parser hold more than that") {
  CHECK(parsed(many(1000)).size() == 1000);
  CHECK(complaint(many(1001)) == "too_large: operations: 1001; a batch has 1 to 1000");
  CHECK(complaint(many(50'000)).starts_with("too_large: operations: far more than 1000"));
  CHECK(complaint(one(R"("op":{"deep":[]})"))
        == R"(invalid: body: nests deeper than a batch does, which lists rows like )"
           R"({"op":"put","space":"s","key":"k","value":"v"})");
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(complaint(deep)
        == R"(invalid: body: nests deeper than a batch does, which lists rows like )"
           R"({"op":"put","space":"s","key":"k","value":"v"})");
  CHECK(complaint(std::string(1'000'000, '[')).starts_with("invalid: body: line 1, column "));
  std::string wide = "[";
  for (int place = 0; place < 200'000; ++place)
    wide += "1,";
  CHECK(complaint(wide + "1]").starts_with("too_large: operations: far more than 1000"));
}
