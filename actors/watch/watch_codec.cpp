#include "actors/watch/watch_codec.hpp"

#include "runtime/base/bounds.hpp"
#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"

#include <algorithm>

namespace present {

using schema::bytes_of;
using schema::data_of;
using schema::string_of;

void encode_watch(const watch& from, schema::Watch::Builder to) {
  to.setSpace(from.space.value);
  to.setKey(data_of(from.key));
  to.setIsPrefix(from.is_prefix);
  to.setIndex(from.from.index.value);
  to.setOrdinal(from.from.ordinal);
  to.setAbove(from.above.value);
  to.setWaitMs(from.wait_ms);
  to.setStale(from.stale);
}

watch decode_watch(schema::Watch::Reader from) {
  return {{from.getSpace()},
          string_of(from.getKey()),
          from.getIsPrefix(),
          {{from.getIndex()}, from.getOrdinal()},
          {from.getAbove()},
          from.getWaitMs(),
          from.getStale()};
}

void encode_page(const watched_page& from, schema::WatchedPage::Builder to) {
  to.setIndex(from.next.index.value);
  to.setOrdinal(from.next.ordinal);
  auto changes = to.initChanges(static_cast<unsigned>(from.changes.size()));
  for (unsigned place = 0; place < changes.size(); ++place) {
    const auto& change = from.changes[place];
    auto told = changes[place];
    told.setKey(data_of(change.key));
    told.setVersion(change.version.value);
    told.setIsRemoval(change.is_removal);
    if (change.value)
      told.setValue(data_of(change.value));
    told.setIndex(change.next.index.value);
    told.setOrdinal(change.next.ordinal);
  }
}

std::shared_ptr<const watched_page> decode_page(schema::WatchedPage::Reader from) {
  auto page = std::make_shared<watched_page>();
  page->next = {{from.getIndex()}, from.getOrdinal()};
  const auto changes = schema::honest(from.getChanges());
  page->changes.reserve(changes.size());
  for (unsigned place = 0; place < changes.size(); ++place) {
    const auto told = changes[place];
    page->changes.push_back({string_of(told.getKey()),
                             {told.getVersion()},
                             told.getIsRemoval(),
                             told.hasValue() ? bytes_of(told.getValue()) : nullptr,
                             {{told.getIndex()}, told.getOrdinal()}});
  }
  return page;
}

std::uint64_t words_of(const watched_page& page) {
  constexpr std::uint64_t word = 8;
  std::uint64_t words = 4;
  for (const auto& change : page.changes)
    words += 8 + (change.key.size() + word) / word
             + ((change.value ? change.value->size() : 0) + word) / word;
  return words;
}

} // namespace present
