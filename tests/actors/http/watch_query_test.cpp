#include "actors/http/watch_query.hpp"
#include "tests/actors/http/api_request.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::http;
using client::watch_event;

namespace {

result<watch_query> asked(const std::string& query, const std::string& last_id = {}) {
  auto request = test::sent("GET", "/v1/watch/s" + query);
  if (!last_id.empty())
    request.headers.emplace_back("Last-Event-ID", last_id);
  return understand_watch(request);
}

std::string complaint(const std::string& query) {
  const auto made = asked(query);
  REQUIRE_FALSE(made);
  return made.problem().message;
}

watch_event event(watch_event::kind is, std::string key = {}, const char* value = nullptr) {
  watch_event told;
  told.is = is;
  told.key = std::move(key);
  told.version = {17};
  if (value)
    told.value = std::make_shared<const std::string>(value);
  told.token.places = {{{1}, {{5}, 0}}};
  return told;
}

} // namespace

TEST_CASE("a watch is of all keys, of a prefix or of one key") {
  CHECK(asked("")->what.is_prefix);
  CHECK(asked("")->what.key.empty());
  CHECK(asked("?prefix=a%2F")->what.key == "a/");
  CHECK(asked("?key=a")->what.key == "a");
  CHECK_FALSE(asked("?key=a")->what.is_prefix);
  CHECK(asked("?limit=3")->limit == 3);
  CHECK(asked("")->what.space == "s");
}

TEST_CASE("who comes back says where he was, in the query or as browsers do") {
  CHECK(asked("?from=1.2.3")->what.from.places.at({1}) == watch_position{{2}, 3});
  CHECK(asked("?from=@9")->what.from.above == hlc_stamp{9});
  CHECK(asked("?from=1.2.3", "1.4.0")->what.from.places.at({1}) == watch_position{{4}, 0});
}

TEST_CASE("a watch's query is read strictly") {
  CHECK(complaint("?key=a&prefix=b") == "query: key, prefix: one of them");
  CHECK(complaint("?from=x").starts_with("from: byte 1: is no place"));
  CHECK(complaint("?limit=0").starts_with("query: limit: '0' is not a number"));
  CHECK(complaint("?since=1").starts_with("query: 'since': unknown"));
}

TEST_CASE("an event has its token, its name and a record") {
  CHECK(sent_event(event(watch_event::kind::changed, "k", "v"))
        == "id: 1.5.0\nevent: put\ndata: {\"key\":\"k\",\"value\":\"v\",\"version\":17}\n\n");
  CHECK(sent_event(event(watch_event::kind::removed, "\xff"))
        == "id: 1.5.0\nevent: delete\ndata: {\"key\":\"/w==\",\"encoding\":\"base64\",\"version\":17}\n\n");
  CHECK(sent_event(event(watch_event::kind::started))
        == "id: 1.5.0\nevent: started\ndata: {\"token\":\"1.5.0\"}\n\n");
  CHECK(sent_event(event(watch_event::kind::progress)) == "id: 1.5.0\n\n");
}

TEST_CASE("who is too late is told so by a name of its own, other ends by another") {
  auto late = event(watch_event::kind::ended);
  late.why = make_error(error_code::too_old, "compacted: list again");
  CHECK(sent_event(late).starts_with("id: 1.5.0\nevent: compacted\ndata: {\"code\":\"too_old\""));
  late.why = make_error(error_code::unknown_space, "gone");
  CHECK(sent_event(late).find("event: ended\n") != std::string::npos);
}
