#include "actors/client/record_lines.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present;
using namespace present::client;

TEST_CASE("bytes that aren't UTF-8 are base64 with a field that says so") {
  json record;
  put_bytes(record, "value", "grün");
  CHECK(record.dump() == "{\"value\":\"grün\"}");
  put_bytes(record, "value", std::string_view{"\xff\x00", 2});
  CHECK(record["value"] == "/wA=");
  CHECK(record["encoding"] == "base64");
}

TEST_CASE("text is a line of plain JSON with its version") {
  CHECK(record_line({"k", "grün", 7}).dump()
        == R"({"key":"k","value":"grün","version":7})");
}

TEST_CASE("a record comes back, whatever its bytes are") {
  const std::string bytes{"\x00\xff\"\\", 4};
  for (const record& one : {record{"k", "v"}, record{"k", bytes}, record{bytes, "v"},
                            record{bytes, bytes}, record{"k", ""}}) {
    const auto back = parse_record_line(record_line(one).dump(), "f:1");
    REQUIRE(back);
    CHECK(*back == one);
  }
}

TEST_CASE("a line that can't be is named with its place") {
  for (const std::string line :
       {"", "[]", R"({"key":"k"})", R"({"key":"k","value":7})",
        R"({"key":"k","value":"v","encoding":"hex"})",
        R"({"key":"k","value":"v","encoding":"base64"})"}) {
    const auto back = parse_record_line(line, "f.jsonl:3");
    REQUIRE_FALSE(back);
    CHECK(back.problem().message.find("f.jsonl:3: ") == 0);
    CHECK(back.problem().code == error_code::invalid);
  }
}
