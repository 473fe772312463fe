#include "tests/actors/http/api_request.hpp"

using namespace present;
using namespace present::http;
using namespace present::http::test;

TEST_CASE("a key is any bytes: percent signs and slashes lead to it") {
  const auto key = [](const std::string& path) {
    return call_of<client::get_call>(planned(action::read_value, sent("GET", path))).key;
  };
  CHECK(key("/v1/kv/s/plain") == "plain");
  CHECK(key("/v1/kv/s/a/b%2Fc") == "a/b/c");
  CHECK(key("/v1/kv/s/%00%ff%3F") == std::string("\0\xff?", 3));
  CHECK(key("/v1/kv/s/a//b/") == "a//b/");
  CHECK(key("/v1/kv/s/") == "");
  CHECK(call_of<client::get_call>(
          planned(action::read_value, sent("GET", "/v1/kv/my%2Dspace/k"))).space
        == "my-space");
}

TEST_CASE("a read says how fresh it must be, and by when") {
  const auto plain = planned(action::read_value, sent("GET", "/v1/kv/s/k"));
  CHECK_FALSE(call_of<client::get_call>(plain).stale);
  CHECK(plain.ask.deadline_ms == 0);
  const auto stale = planned(
    action::read_value, sent("GET", "/v1/kv/s/k?consistency=stale&deadline_ms=250"));
  CHECK(call_of<client::get_call>(stale).stale);
  CHECK(stale.ask.deadline_ms == 250);
}

TEST_CASE("a query is read strictly") {
  const auto said = [](const std::string& query) {
    return complaint(action::read_value, sent("GET", "/v1/kv/s/k?" + query));
  };
  CHECK(said("consistency=eventual")
        == "invalid: query: consistency: 'eventual' is neither linearizable nor stale");
  CHECK(said("deadline_ms=soon")
        == "invalid: query: deadline_ms: 'soon' is not a number from 1 to 600000");
  CHECK(said("deadline_ms=0").starts_with("invalid: query: deadline_ms: '0' is not"));
  CHECK(said("deadline_ms=600001")
        == "invalid: query: deadline_ms: 600001; the limit is 600000");
  CHECK(said("deadline_ms=1&deadline_ms=2")
        == "invalid: query: deadline_ms: is given 2 times");
  CHECK(said("limit=1")
        == "invalid: query: 'limit': unknown; this path takes at, consistency, deadline_ms");
  CHECK(said("at=0").starts_with("invalid: query: at"));
}

TEST_CASE("what a write's author knew stands in its query") {
  const auto knows = [](const std::string& query) {
    return call_of<client::put_call>(
             planned(action::write_value, sent("PUT", "/v1/kv/s/k?" + query, {}, "v")))
      .knows;
  };
  const auto all = knows("base=7&at=9&origin=2&after=3&schema=order");
  CHECK(all.base == hlc_stamp{7});
  CHECK(all.at == storage::authorship{{9}, 2});
  CHECK(all.after == hlc_stamp{3});
  CHECK(all.schema == "order");
  CHECK(knows("base=0").base == hlc_stamp{});
  CHECK(knows("deadline_ms=5") == write_context{});
  const auto said = [](action what, const char* method, const std::string& query) {
    return complaint(what, sent(method, "/v1/kv/s/k?" + query, {}, ""));
  };
  CHECK(said(action::write_value, "PUT", "origin=2") == "invalid: query: origin: without at");
  CHECK(said(action::write_value, "PUT", "after=0").starts_with("invalid: query: after"));
  CHECK(said(action::remove_value, "DELETE", "schema=x").starts_with("invalid: query: 'schema'"));
}

TEST_CASE("a write's conditions stand in its headers") {
  const auto when = [](headers with) {
    return call_of<client::put_call>(
             planned(action::write_value, sent("PUT", "/v1/kv/s/k", std::move(with), "v")))
      .when;
  };
  CHECK(when({}) == condition{always{}});
  CHECK(when({{"If-Match", "\"17\""}}) == condition{if_version{{17}}});
  CHECK(when({{"If-Match", "17"}}) == condition{if_version{{17}}});
  CHECK(when({{"If-None-Match", "*"}}) == condition{if_absent{}});
  const auto said = [](headers with) {
    return complaint(action::write_value, sent("PUT", "/v1/kv/s/k", std::move(with)));
  };
  for (const auto* bad : {"*", "W/\"17\"", "\"1\", \"2\"", "", "\"\"", "0", "-1", "abc"})
    CHECK(said({{"If-Match", bad}}) == "invalid: If-Match: '" + std::string{bad}
                                         + "' is not one version, as ETag has it");
  CHECK(said({{"If-None-Match", "\"17\""}}).starts_with("invalid: If-None-Match: a write takes '*'"));
  CHECK(said({{"If-None-Match", "*"}, {"If-Match", "17"}})
        == "invalid: If-Match and If-None-Match: one of them");
}

TEST_CASE("a value is the body, byte by byte") {
  const std::string bytes{"\0\xff\r\n", 4};
  auto made = planned(action::write_value, sent("PUT", "/v1/kv/s/k", {}, bytes));
  CHECK(*call_of<client::put_call>(made).value == bytes);
  made = planned(action::remove_value, sent("DELETE", "/v1/kv/s/k", {{"If-Match", "3"}}));
  CHECK(call_of<client::remove_call>(made).when == condition{if_version{{3}}});
}

TEST_CASE("a page of keys is asked for by range, and its limit is a limit") {
  const auto scan = [](const std::string& query) {
    return call_of<client::scan_call>(
      planned(action::list_keys, sent("GET", "/v1/kv/s?" + query)));
  };
  CHECK(scan("").limit == 1000);
  CHECK(scan("prefix=a&start=ab&end=ad&limit=5").first == "ab");
  CHECK(scan("prefix=a&start=ab&end=ad&limit=5").last == "ad");
  CHECK(scan("prefix=a&after=ab").first == std::string("ab\0", 3));
  CHECK(scan("start=b&after=a").first == "b");
  CHECK(scan("prefix=a").last == "b");
  CHECK(scan("keys_only&consistency=stale").keys_only);
  CHECK(scan("keys_only=true&consistency=stale").stale);
  CHECK_FALSE(scan("keys_only=false").keys_only);
  CHECK(planned(action::list_keys, sent("GET", "/v1/kv/s?prefix=a&start=b")).ask.calls.empty());
  const auto said = [](const std::string& query) {
    return complaint(action::list_keys, sent("GET", "/v1/kv/s?" + query));
  };
  CHECK(said("limit=1001") == "too_large: query: limit: 1001; the limit is 1000");
  CHECK(said("limit=0").starts_with("invalid: query: limit: '0' is not a number"));
  CHECK(said("keys_only=maybe") == "invalid: query: keys_only: 'maybe' is neither true nor false");
}

TEST_CASE("spaces: what there is, and what must be new") {
  CHECK(planned(action::list_spaces, sent("GET", "/v1/spaces")).ask.calls.size() == 1);
  call_of<client::map_call>(planned(action::show_space, sent("GET", "/v1/spaces/s")));
  const auto made = planned(action::make_space,
                            sent("PUT", "/v1/spaces/s", {{"If-None-Match", "*"}}, "{}"));
  CHECK(call_of<create_space>(made).name == "s");
  CHECK(std::get<say_made_space>(made.say).must_be_new);
  const auto split = [](const std::string& body) {
    return call_of<create_space>(
      planned(action::make_space, sent("PUT", "/v1/spaces/s", {}, body)));
  };
  CHECK(split(R"({"split":4})").pieces == 4);
  CHECK(split(R"({"split_at":["g","p"]})").split_at == std::vector<std::string>{"g", "p"});
  CHECK(split(R"({"split_at":["/w=="],"encoding":"base64"})").split_at
        == std::vector<std::string>{"\xff"});
  const auto said = [](const std::string& body) {
    return complaint(action::make_space, sent("PUT", "/v1/spaces/s", {}, body));
  };
  CHECK(said(R"({"splits":4})")
        == "invalid: body.splits: unknown; there are split, encoding, split_at, conflict, "
           "closes_after_ms, schema, policy, versions");
  CHECK(said(R"({"split":257})") == "invalid: body.split: must be a whole number from 1 to 256");
  CHECK(said(R"({"split":2,"split_at":["a"]})") == "invalid: body.split: and split_at: one of them");
  CHECK(said(R"({"split_at":[7]})") == "invalid: body.split_at: must be a list of strings");
  CHECK(complaint(action::make_space, sent("PUT", "/v1/spaces/s", {}, "[]"))
        == "invalid: body: must be an object");
  CHECK(call_of<present::drop_space>(
          planned(action::drop_space, sent("DELETE", "/v1/spaces/s"))).name
        == "s");
}

// -- idempotency -----------------------------------------------------------------------

namespace {

client::write_name name_of(const network::http_request& asked) {
  const auto made = understand(action::write_value, asked);
  REQUIRE(made);
  REQUIRE(made->ask.name);
  return *made->ask.name;
}

network::http_request keyed(const std::string& key, const std::string& body = "v") {
  return sent("PUT", "/v1/kv/s/k", {{"Idempotency-Key", key}}, body);
}

} // namespace

TEST_CASE("the same request has the same name, wherever it arrives and when it is due (P4)") {
  const auto first = name_of(keyed("a"));
  CHECK(first.client.value != 0);
  CHECK(first.fingerprint != 0);
  auto again = keyed("a");
  again.target.query.emplace_back("deadline_ms", "50");
  again.headers.emplace_back("traceparent", "00-1");
  CHECK(name_of(again).client == first.client);
  CHECK(name_of(again).fingerprint == first.fingerprint);
}

TEST_CASE("a key is its caller's, for one method and path") {
  const auto first = name_of(keyed("a"));
  CHECK(name_of(keyed("b")).client != first.client);
  auto other = keyed("a");
  other.who = network::client_identity("0123456789ab", "you");
  CHECK(name_of(other).client != first.client);
  other = keyed("a");
  other.target = *network::parse_target("/v1/kv/s/k/");
  CHECK(name_of(other).client != first.client);
  other = keyed("a");
  other.target = *network::parse_target("/v1/kv/sk");
  other.target.segments.push_back("x");
  CHECK(name_of(other).client != first.client);
  other = keyed("a");
  other.method = "DELETE";
  CHECK(name_of(other).client != first.client);
}

TEST_CASE("another body or condition is other work under the same key") {
  const auto first = name_of(keyed("a"));
  const auto other_body = name_of(keyed("a", "w"));
  CHECK(other_body.client == first.client);
  CHECK(other_body.fingerprint != first.fingerprint);
  auto conditional = keyed("a");
  conditional.headers.emplace_back("If-None-Match", "*");
  CHECK(name_of(conditional).client == first.client);
  CHECK(name_of(conditional).fingerprint != first.fingerprint);
  auto knowing = keyed("a");
  knowing.target.query.emplace_back("base", "7");
  CHECK(name_of(knowing).client == first.client);
  CHECK(name_of(knowing).fingerprint != first.fingerprint);
}

TEST_CASE("a key that is none is refused; without one there is no name") {
  CHECK_FALSE(planned(action::write_value, sent("PUT", "/v1/kv/s/k")).ask.name);
  CHECK(complaint(action::write_value, keyed(std::string(256, 'k')))
        == "too_large: Idempotency-Key: 256 bytes; the limit is 255");
  for (const auto* bad : {"", "two words", "gr\xc3\xbcn"})
    CHECK(complaint(action::write_value, keyed(bad))
          == "invalid: Idempotency-Key: 1 to 255 visible ASCII characters");
  CHECK(name_of(keyed(std::string(255, 'k'))).client.value != 0);
}

TEST_CASE("a lock is asked for by its name and a claim of the caller's own") {
  const auto taken = call_of<client::acquire_call>(planned(
    action::acquire_lock, sent("PUT", "/v1/locks/a/b?claim=x&lease_ms=500&wait&owner=me", {}, "v")));
  CHECK(taken.space == "a");
  CHECK(taken.key == "b");
  CHECK(taken.lease_ms == 500);
  CHECK(taken.wait);
  CHECK(taken.owner == "me");
  CHECK(*taken.value == "v");
  const auto bare = call_of<client::acquire_call>(
    planned(action::acquire_lock, sent("PUT", "/v1/locks/job?claim=x")));
  CHECK(bare.space == "locks");
  CHECK(bare.lease_ms == 10'000);
  CHECK_FALSE(bare.wait);
  CHECK_FALSE(bare.value);
  CHECK(bare.claim == taken.claim);
  const auto kept = planned(action::keep_lock,
                            sent("POST", "/v1/locks/job?claim=x&wait_ms=30000"));
  CHECK(call_of<client::keep_call>(kept).claim == bare.claim);
  CHECK(kept.ask.deadline_ms == 32'000);
  const auto other = planned(action::release_lock, sent("DELETE", "/v1/locks/job?claim=y"));
  CHECK(call_of<client::release_call>(other).claim != bare.claim);
  CHECK(call_of<client::read_lock_call>(
          planned(action::read_lock, sent("GET", "/v1/locks/job?known=7&wait_ms=5")))
          .known
        == hlc_stamp{7});
}

TEST_CASE("what is wrong with a lock is said by its place") {
  const auto said = [](action what, const std::string& method, const std::string& path) {
    return complaint(what, sent(method, path));
  };
  CHECK(said(action::acquire_lock, "PUT", "/v1/locks/job").starts_with("invalid: query: claim: "));
  CHECK(said(action::acquire_lock, "PUT", "/v1/locks/job?claim=x&lease_ms=1")
          .starts_with("invalid: query: lease_ms: '1' is not"));
  CHECK(said(action::acquire_lock, "PUT", "/v1/locks/a/?claim=x")
        == "invalid: lock 'a/': NAME, or SPACE/NAME");
  CHECK(said(action::keep_lock, "POST", "/v1/locks/job?claim=x&wait_ms=50&deadline_ms=1000")
        == "invalid: query: deadline_ms: 1000; to wait for so long takes 2050");
}

TEST_CASE("what waits for a decision is listed by keys, and decided one by one") {
  const auto page = call_of<client::scan_call>(
    planned(action::list_conflicts, sent("GET", "/v1/conflicts/s?after=k&limit=7")));
  CHECK(page.escalated);
  CHECK(page.space == "s");
  CHECK(page.first == next_key("k"));
  CHECK(page.limit == 7);
  const auto decided = call_of<client::settle_call>(planned(
    action::decide_conflict, sent("POST", "/v1/conflicts/s/a/b?write=17&decision=drop")));
  CHECK(decided.key == "a/b");
  CHECK(decided.write == hlc_stamp{17});
  CHECK_FALSE(decided.accept);
  CHECK(call_of<client::settle_call>(
          planned(action::decide_conflict,
                  sent("POST", "/v1/conflicts/s/k?write=17&decision=accept")))
          .accept);
  CHECK(complaint(action::decide_conflict, sent("POST", "/v1/conflicts/s/k?write=17"))
        == "invalid: query: decision: accept or drop");
  CHECK(complaint(action::decide_conflict, sent("POST", "/v1/conflicts/s/k?decision=drop"))
        == "invalid: query: write: which one, as GET /v1/conflicts has it");
  CHECK(complaint(action::decide_conflict,
                  sent("POST", "/v1/conflicts/s/k?write=17&decision=drop", {}, "x"))
          .starts_with("invalid: a body"));
}

TEST_CASE("a write under a lock names its token") {
  const auto put = call_of<client::put_call>(
    planned(action::write_value, sent("PUT", "/v1/kv/s/k?fence=s/lock:17", {}, "v")));
  REQUIRE(put.fence);
  CHECK(put.fence->space == "s");
  CHECK(put.fence->key == "lock");
  CHECK(put.fence->token == hlc_stamp{17});
  CHECK(call_of<client::remove_call>(
          planned(action::remove_value, sent("DELETE", "/v1/kv/s/k?fence=job:18")))
          .fence->space
        == "locks");
  CHECK(complaint(action::write_value, sent("PUT", "/v1/kv/s/k?fence=job"))
          .starts_with("invalid: query: fence: fence 'job': LOCK:TOKEN"));
}
