#include "actors/http/transaction_body.hpp"
#include "actors/http/transaction_reply.hpp"
#include "storage/typed_value.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::http;

namespace {

client::transact_call parsed(const std::string& body) {
  auto call = parse_transaction_body(body);
  REQUIRE_MESSAGE(call, (call ? "" : call.problem().message));
  return *call;
}

std::string complaint(const std::string& body) {
  const auto call = parse_transaction_body(body);
  REQUIRE_FALSE(call);
  CHECK(call.problem().code == error_code::invalid);
  return call.problem().message;
}

} // namespace

TEST_CASE("a transaction is read as it is written, spaces by their places") {
  const auto call = parsed(R"({"compare":[
      {"space":"s","key":"a","version":17},
      {"space":"t","key":"YQ==","is":"less","value":"/w==","encoding":"base64"},
      {"space":"s","key":"b","exists":true}],
    "then":[
      {"op":"put","space":"t","key":"k","value":"v"},
      {"op":"min","space":"s","key":"n","number":-9223372036854775808},
      {"op":"take_out","space":"s","key":"set","element":"e"},
      {"op":"scan","space":"s","first":"a","limit":3,"keys_only":true}],
    "else":[{"op":"delete","space":"s","key":"k"}]})");
  CHECK(call.spaces == std::vector<std::string>{"s", "t"});
  REQUIRE(call.what.compare.size() == 3);
  CHECK(call.what.compare[0] == comparison{{0}, "a", relation::equal, hlc_stamp{17}});
  CHECK(call.what.compare[1] == comparison{{1}, "a", relation::less, std::string{"\xff"}});
  CHECK(call.what.compare[2] == comparison{{0}, "b", relation::not_equal, hlc_stamp{}});
  REQUIRE(call.what.then.size() == 4);
  CHECK(call.what.then[0]
        == step{put_step{{1}, "k", std::make_shared<const std::string>("v")}});
  CHECK(call.what.then[1] == step{number_step{{0}, "n", number_change::min, INT64_MIN}});
  CHECK(call.what.then[2] == step{element_step{{0}, "set", element_change::take_out, "e"}});
  CHECK(call.what.then[3] == step{scan_step{{0}, "a", "", 3, true}});
  CHECK(call.what.otherwise == std::vector<step>{remove_step{{0}, "k"}});
}

TEST_CASE("what is wrong with a transaction is named by its place") {
  CHECK(complaint("{}") == "body: neither compare nor then nor else: nothing to do");
  CHECK(complaint("[]") == "body: must be an object");
  CHECK(complaint(R"({"the":[]})") == "body.the: unknown; there are compare, then, else");
  CHECK(complaint(R"({"then":{}})") == "then: must be a list");
  CHECK(complaint(R"({"then":[7]})") == "then[0]: must be an object");
  CHECK(complaint(R"({"else":[{"op":"get","space":"s"}]})") == "else[0].key: is missing");
  CHECK(complaint(R"({"then":[{"op":"add","space":"s","key":"k","number":1.5}]})")
        == "then[0].number: must be a whole number of 64 bits");
  CHECK(complaint(R"({"then":[{"op":"add","space":"s","key":"k","number":9223372036854775808}]})")
        == "then[0].number: must be a whole number of 64 bits");
  CHECK(complaint(R"({"compare":[{"space":"s","key":"k"}]})")
        == "compare[0].version: or value or exists: one of them");
  CHECK(complaint(R"({"compare":[{"space":"s","key":"k","exists":true,"is":"less"}]})")
        == "compare[0].is: takes a version or a value");
  CHECK(complaint(R"({"then":[{"op":"get","space":"s","key":"k","value":"v"}]})")
          .starts_with("then[0].value: unknown; there are op, space"));
}

TEST_CASE("results are told by the steps of the branch that was taken") {
  const auto call = parsed(R"({"then":[
    {"op":"put","space":"s","key":"a","value":"v"},
    {"op":"get","space":"s","key":"b"},
    {"op":"get","space":"s","key":"c"},
    {"op":"add","space":"s","key":"n","number":1}],
    "else":[{"op":"put","space":"s","key":"a","value":"w"}]})");
  answer given;
  given.version = {7};
  const auto text = [](std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
  };
  given.steps = std::make_shared<const std::vector<storage::step_result>>(
    std::vector<storage::step_result>{
      {error_code::ok, {7}, nullptr, {}, false},
      {error_code::not_found, {}, nullptr, {}, false},
      {error_code::ok, {3}, text(storage::encode_typed(storage::set_value{{"x", "\xff"}})), {}, false},
      {error_code::ok, {7}, text(storage::encode_typed(storage::integer_value{-2})), {}, false}});
  CHECK(transaction_json(call, given).dump()
        == R"({"succeeded":true,"version":7,"repeated":false,"results":[{"version":7},)"
           R"({"found":false},{"found":true,"type":"set","encoding":"base64",)"
           R"("value":["eA==","/w=="],"version":3},)"
           R"({"type":"integer","value":-2,"version":7}]})");
  given.steps = nullptr;
  given.otherwise = true;
  given.repeated = true;
  CHECK(transaction_json(call, given).dump()
        == R"({"succeeded":false,"version":7,"repeated":true,"results":[{"version":7}]})");
}
