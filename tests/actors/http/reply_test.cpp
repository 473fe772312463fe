#include "actors/http/openapi.hpp"
#include "tests/actors/http/api_request.hpp"

#include <nlohmann/json.hpp>

#include <set>

using namespace present;
using namespace present::http;
using namespace present::http::test;
using nlohmann::json;

namespace {

plan reading(headers with = {}) {
  return planned(action::read_value, sent("GET", "/v1/kv/s/k", std::move(with)));
}

plan writing(headers with = {}) {
  return planned(action::write_value, sent("PUT", "/v1/kv/s/k", std::move(with), "v"));
}

} // namespace

TEST_CASE("a value comes as its bytes, with the version as ETag") {
  const auto said = reply(reading(), success(17, "blue"));
  CHECK(said.status == 200);
  CHECK(said.body == "blue");
  CHECK(said.content_type == "application/octet-stream");
  CHECK(header_of(said, "ETag") == "\"17\"");
  CHECK(reply(reading({{"If-None-Match", "\"17\""}}), success(17, "blue")).status == 304);
  CHECK(reply(reading({{"If-None-Match", "\"17\""}}), success(17, "blue")).body.empty());
  CHECK(reply(reading({{"If-None-Match", "\"16\""}}), success(17, "blue")).status == 200);
  const auto failed = reply(reading({{"If-Match", "\"16\""}}), success(17, "blue"));
  CHECK(failed.status == 412);
  CHECK(json::parse(failed.body)["current_version"] == 17);
}

TEST_CASE("a write says its version; a condition in a header that fails is 412") {
  const auto said = reply(writing(), success(18));
  CHECK(said.status == 200);
  CHECK(said.body == "{\"version\":18}\n");
  CHECK(header_of(said, "ETag") == "\"18\"");
  const auto conflict = failure(error_code::version_conflict, 17);
  CHECK(reply(writing({{"If-Match", "3"}}), conflict).status == 412);
  CHECK(reply(writing({{"If-None-Match", "*"}}), conflict).status == 412);
  CHECK(header_of(reply(writing({{"If-Match", "3"}}), conflict), "ETag") == "\"17\"");
  CHECK(reply(writing(), conflict).status == 409);
  const auto removal = planned(action::remove_value, sent("DELETE", "/v1/kv/s/k"));
  CHECK(reply(removal, success(19)).body == "{\"version\":19}\n");
  CHECK(header_of(reply(removal, success(19)), "ETag").empty());
  CHECK(reply(removal, failure(error_code::not_found)).status == 404);
}

TEST_CASE("a refused write says what it met, and what waits for a decision is told") {
  auto refused = failure(error_code::version_conflict, 17);
  refused.given.conflict = conflict::note{conflict::conflict_kind::write_write,
                                          conflict::outcome_kind::escalate};
  const auto said = reply(writing(), refused);
  CHECK(said.status == 409);
  CHECK(json::parse(said.body)["code"] == "version_conflict");
  CHECK(json::parse(said.body)["conflict"]
        == json{{"type", "write-write"}, {"outcome", "escalate"}});
  CHECK(header_of(said, "ETag") == "\"17\"");

  auto found = success(0);
  found.given.more = true;
  found.given.escalated = {
    {"a b",
     {{{5}, "on-call", "why", {4}, false, std::make_shared<const std::string>("v"), {}},
      {{6}, "on-call", "why", {4}, true, nullptr, {}}}}};
  const auto page = json::parse(
    reply(planned(action::list_conflicts, sent("GET", "/v1/conflicts/s?limit=1")), found).body);
  REQUIRE(page["rows"].size() == 2);
  CHECK(page["rows"][0]
        == json{{"key", "a b"}, {"write", 5}, {"path", "on-call"}, {"reason", "why"},
                {"current", 4}, {"value", "v"}});
  CHECK(page["rows"][1]["removes"] == true);
  CHECK(page["next"] == "/v1/conflicts/s?after=a%20b&limit=1");
  const auto deciding = planned(action::decide_conflict,
                                sent("POST", "/v1/conflicts/s/k?write=5&decision=accept"));
  const auto decided = json::parse(reply(deciding, success(9)).body);
  CHECK(decided == json{{"key", "k"}, {"write", 5}, {"decided", "accepted"}, {"version", 9}});
}

TEST_CASE("every error of the interface has its status, and 503 says when to come back") {
  for (std::uint16_t raw = 1; raw <= 23; ++raw) {
    const auto code = static_cast<error_code>(raw);
    const auto said = reply(writing(), failure(code));
    CHECK(said.status == traits_of(code).http_status);
    CHECK(json::parse(said.body)["code"] == traits_of(code).name);
    CHECK(header_of(said, "Retry-After") == (said.status == 503 ? "1" : ""));
  }
}

TEST_CASE("a retry gets the first answer and is told so; other work under its key is 409") {
  const auto named = writing({{"Idempotency-Key", "a"}});
  auto how = success(18);
  CHECK(header_of(reply(named, how), "Idempotent-Replayed").empty());
  how.given.repeated = true;
  CHECK(header_of(reply(named, how), "Idempotent-Replayed") == "true");
  CHECK(reply(named, how).body == reply(named, success(18)).body);
  // The session's own retry is nobody's business.
  CHECK(header_of(reply(writing(), how), "Idempotent-Replayed").empty());
  auto taken = failure(error_code::invalid);
  taken.given.repeated = true;
  CHECK(reply(named, taken).status == 409);
  CHECK(json::parse(reply(named, taken).body)["code"] == "invalid");
  CHECK(header_of(reply(named, taken), "Idempotent-Replayed").empty());
  CHECK(reply(writing(), taken).status == 400);
}

TEST_CASE("a page has its rows, and the way to the next one") {
  const auto made = planned(action::list_keys,
                            sent("GET", "/v1/kv/s%20t?prefix=a&end=z%26&limit=2&keys_only"));
  auto how = success(0);
  how.given.rows = {{"a1", {5}, nullptr}, {"a/&=\xff", {6}, nullptr}};
  auto body = json::parse(reply(made, how).body);
  CHECK(body["rows"].dump() == R"([{"key":"a1","version":5},{"encoding":"base64","key":"YS8mPf8=","version":6}])");
  CHECK(body["more"] == false);
  CHECK_FALSE(body.contains("next"));
  how.given.more = true;
  body = json::parse(reply(made, how).body);
  CHECK(body["more"] == true);
  CHECK(body["next"]
        == "/v1/kv/s%20t?after=a%2F%26%3D%FF&limit=2&prefix=a&end=z%26&keys_only=true");

  const auto full = planned(action::list_keys, sent("GET", "/v1/kv/s"));
  how = success(0);
  how.given.rows = {{"k", {5}, std::make_shared<const std::string>("v")}};
  CHECK(reply(full, how).body == R"({"rows":[{"key":"k","value":"v","version":5}],"more":false})"
                                 "\n");
  const auto nothing = planned(action::list_keys, sent("GET", "/v1/kv/s?start=b&end=a"));
  CHECK(reply_to(nothing, {}).body == "{\"rows\":[],\"more\":false}\n");
}

TEST_CASE("a batch has an answer for each operation") {
  const auto made = planned(action::run_batch, sent("POST", "/v1/batch", {}, R"({"operations":[
    {"op":"put","space":"s","key":"a","value":"1"},
    {"op":"get","space":"s","key":"b"},
    {"op":"get","space":"s","key":"c"}]})"));
  client::batch_outcome how;
  how.outcomes = {success(7), success(8, "\xff"), failure(error_code::not_found)};
  const auto said = reply_to(made, how);
  CHECK(said.status == 200);
  const auto answers = json::parse(said.body)["answers"];
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].dump() == R"({"version":7})");
  CHECK(answers[1].dump() == R"({"encoding":"base64","value":"/w==","version":8})");
  CHECK(answers[2]["error"]["code"] == "not_found");
}

TEST_CASE("a batch under a key of another one is 409 only if none of its writes was let in") {
  const auto made = planned(
    action::run_batch, sent("POST", "/v1/batch", {{"Idempotency-Key", "a"}}, R"({"operations":[
    {"op":"put","space":"s","key":"a","value":"1"},
    {"op":"get","space":"s","key":"b"},
    {"op":"put","space":"s","key":"c","value":"1"}]})"));
  auto taken = failure(error_code::invalid);
  taken.given.repeated = true;
  const auto status = [&](client::outcome_of_call first, client::outcome_of_call last) {
    client::batch_outcome how;
    how.outcomes = {std::move(first), success(8, "v"), std::move(last)};
    return reply_to(made, std::move(how)).status;
  };
  CHECK(status(taken, taken) == 409);
  CHECK(status(taken, success(3)) == 200);
  CHECK(status(success(3), taken) == 200);
  CHECK(status(success(3), success(4)) == 200);
}

TEST_CASE("spaces are shown as the map has them") {
  auto map = std::make_shared<cluster_map>();
  map->spaces = {{"one", {1}}, {"two", {2}}};
  map->ranges = {{{1}, "", {0}}, {{1}, "\xff", {3}}, {{2}, "", {1}}};
  map->settings[{2}].conflicts.how = storage::conflict_strategy::last_writer_wins;
  client::outcome_of_call how;
  how.map = map;
  const auto all = planned(action::list_spaces, sent("GET", "/v1/spaces"));
  const auto spaces = json::parse(reply(all, how).body)["spaces"];
  REQUIRE(spaces.size() == 2);
  CHECK(spaces[0].dump()
        == R"({"closes_after_ms":0,"conflict":"reject","id":1,"name":"one","policy":"",)"
           R"("ranges":[{"first":"","partition":0},)"
           R"({"encoding":"base64","first":"/w==","partition":3}],"schema":"","versions":1})");
  CHECK(spaces[1]["conflict"] == "last-writer-wins");
  const auto shown = [&](const std::string& name) {
    return reply(planned(action::show_space, sent("GET", "/v1/spaces/" + name)), how);
  };
  CHECK(json::parse(shown("two").body)["id"] == 2);
  CHECK(shown("three").status == 404);
  CHECK(json::parse(shown("three").body)["code"] == "unknown_space");
}

TEST_CASE("making a space that is there is fine, unless it must be new") {
  const auto made = planned(action::make_space, sent("PUT", "/v1/spaces/s"));
  CHECK(reply(made, success(9)).status == 201);
  CHECK(reply(made, success(9)).body == "{\"name\":\"s\",\"version\":9}\n");
  CHECK(reply(made, failure(error_code::version_conflict, 4)).status == 200);
  CHECK(reply(made, failure(error_code::version_conflict, 4)).body
        == "{\"name\":\"s\",\"version\":4}\n");
  const auto fresh
    = planned(action::make_space, sent("PUT", "/v1/spaces/s", {{"If-None-Match", "*"}}));
  CHECK(reply(fresh, success(9)).status == 201);
  CHECK(reply(fresh, failure(error_code::version_conflict, 4)).status == 412);
}

// -- what is described -----------------------------------------------------------------

TEST_CASE("the description has every route below /v1, and no other") {
  const auto described = json::parse(openapi_document());
  using words = std::set<std::string>;
  words there;
  for (const auto& [path, methods] : described["paths"].items())
    for (const auto& [method, what] : methods.items())
      if (path.starts_with("/v1/") && method != "parameters")
        there.insert(method + " " + path);
  words served;
  for (const auto& route : route_table()) {
    std::string method{route.method};
    for (auto& letter : method)
      letter = static_cast<char>(std::tolower(letter));
    served.insert(method + " " + std::string{route.path});
  }
  CHECK(there == served);
}

TEST_CASE("clients have keys and batches, admins all, nodes nothing but what anyone has") {
  const std::string domain{"0123456789ab"};
  const auto may = [&](audience needed, const network::peer_identity& who) {
    const auto refused = refusal_of(needed, who);
    CHECK((!refused || refused->code == error_code::denied));
    return !refused;
  };
  const auto client = network::client_identity(domain, "c");
  const auto admin = network::admin_identity(domain, "a");
  const auto node = network::node_identity(domain, {1});
  CHECK(may(audience::client, client));
  CHECK_FALSE(may(audience::admin, client));
  CHECK(may(audience::client, admin));
  CHECK(may(audience::admin, admin));
  CHECK_FALSE(may(audience::client, node));
  CHECK_FALSE(may(audience::admin, node));
  for (const auto& who : {client, admin, node})
    CHECK(may(audience::anyone, who));
  CHECK_FALSE(refusal_of(audience::admin, std::nullopt));
  const auto needs = [](std::string_view path) {
    for (const auto& route : route_table())
      if (route.path == path)
        return route.needs;
    FAIL("no such route");
    return audience::anyone;
  };
  CHECK(needs("/v1/kv/{space}/{key}") == audience::client);
  CHECK(needs("/v1/batch") == audience::client);
  CHECK(needs("/v1/spaces/{space}") == audience::admin);
  CHECK(needs("/v1/status") == audience::admin);
}
