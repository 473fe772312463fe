#include "runtime/observe/trace_context.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace present::observe;

namespace {
const std::string example
  = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
}

TEST_CASE("the standard's example is read and written") {
  const auto context = parse_traceparent(example);
  REQUIRE(context);
  CHECK(context->trace_high == 0x4bf92f3577b34da6);
  CHECK(context->trace_low == 0xa3ce929d0e0e4736);
  CHECK(context->span == 0x00f067aa0ba902b7);
  CHECK(context->sampled);
  CHECK(format_traceparent(*context) == example);
  CHECK(trace_id_text(*context) == "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_CASE("every context is what it was after writing and reading") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 1000; ++i) {
    const trace_context context{random() >> random() % 64, random() | 1,
                                random() | 1, random() % 2 == 0};
    CHECK(parse_traceparent(format_traceparent(context)) == context);
  }
}

TEST_CASE("flags that this version doesn't know are dropped") {
  auto header = example;
  header.replace(53, 2, "ff");
  CHECK(parse_traceparent(header)->sampled);
  header.replace(53, 2, "fe");
  CHECK_FALSE(parse_traceparent(header)->sampled);
}

TEST_CASE("a later version may be longer, this one may not") {
  CHECK_FALSE(parse_traceparent(example + "-more"));
  auto later = example;
  later.replace(0, 2, "01");
  CHECK(parse_traceparent(later));
  CHECK(parse_traceparent(later + "-more"));
  CHECK_FALSE(parse_traceparent(later + "more"));
  CHECK_FALSE(parse_traceparent(later + "-" + std::string(300, 'a')));
}

TEST_CASE("what the standard calls invalid begins no trace") {
  const auto with = [](std::size_t at, const std::string& text) {
    auto header = example;
    return header.replace(at, text.size(), text);
  };
  CHECK_FALSE(parse_traceparent(""));
  CHECK_FALSE(parse_traceparent(example.substr(0, 54)));
  CHECK_FALSE(parse_traceparent(with(0, "ff")));
  CHECK_FALSE(parse_traceparent(with(3, std::string(32, '0'))));
  CHECK_FALSE(parse_traceparent(with(36, std::string(16, '0'))));
  CHECK_FALSE(parse_traceparent(with(3, "4BF9")));
  CHECK_FALSE(parse_traceparent(with(53, "g1")));
  CHECK_FALSE(parse_traceparent(with(2, "_")));
  CHECK_FALSE(parse_traceparent(with(35, "0")));
  CHECK_FALSE(parse_traceparent(with(52, "0")));
}

TEST_CASE("what is called belongs to the same trace under another span") {
  const auto parent = *parse_traceparent(example);
  const auto child = child_of(parent, 9);
  CHECK(child.span == 9);
  CHECK(trace_id_text(child) == trace_id_text(parent));
  CHECK(child.sampled == parent.sampled);
}

TEST_CASE("no trace is written as nothing") {
  CHECK(format_traceparent({}) == "");
  CHECK(trace_id_text({}) == "");
}
