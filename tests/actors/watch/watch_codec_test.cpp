#include "actors/watch/watch_codec.hpp"

#include <capnp/message.h>
#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace present;

namespace {

watch_position any_place() {
  return {{*rc::gen::arbitrary<std::uint64_t>()}, *rc::gen::arbitrary<std::uint32_t>()};
}

} // namespace

TEST_CASE("a watch and its page are read as they were written") {
  CHECK(rc::check([] {
    const watch asked{{*rc::gen::arbitrary<std::uint32_t>()},
                      *rc::gen::arbitrary<std::string>(),
                      *rc::gen::arbitrary<bool>(),
                      any_place(),
                      {*rc::gen::arbitrary<std::uint64_t>()},
                      *rc::gen::arbitrary<std::uint32_t>(),
                      *rc::gen::arbitrary<bool>()};
    watched_page page;
    page.next = any_place();
    for (int left = *rc::gen::inRange(0, 5); left > 0; --left)
      page.changes.push_back({*rc::gen::arbitrary<std::string>(),
                              {*rc::gen::arbitrary<std::uint64_t>()},
                              *rc::gen::arbitrary<bool>(),
                              std::make_shared<const std::string>(*rc::gen::arbitrary<std::string>()),
                              any_place()});
    capnp::MallocMessageBuilder message;
    auto watch_to = message.initRoot<schema::Watch>();
    encode_watch(asked, watch_to);
    RC_ASSERT(decode_watch(watch_to.asReader()) == asked);
    capnp::MallocMessageBuilder other;
    auto page_to = other.initRoot<schema::WatchedPage>();
    encode_page(page, page_to);
    RC_ASSERT(*decode_page(page_to.asReader()) == page);
  }));
}
