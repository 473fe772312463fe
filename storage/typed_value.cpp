#include "storage/typed_value.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <iterator>

namespace present::storage {

namespace {

constexpr std::string_view mark{"\0PTV", 4};
constexpr std::size_t head_size = mark.size() + 1;

enum class kind : std::uint8_t { integer = 1, list = 2, set = 3 };

std::string head_of(kind what) {
  std::string bytes{mark};
  bytes.push_back(static_cast<char>(what));
  return bytes;
}

template <class Int>
void append_big_endian(std::string& out, Int number) {
  for (int shift = 8 * (static_cast<int>(sizeof(Int)) - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
}

template <class Int>
Int read_big_endian(std::string_view bytes) {
  Int number = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i)
    number = static_cast<Int>(number << 8 | static_cast<unsigned char>(bytes[i]));
  return number;
}

void append_element(std::string& out, std::string_view element) {
  append_big_endian(out, static_cast<std::uint32_t>(element.size()));
  out.append(element);
}

std::string of_elements(kind what, const std::vector<std::string>& elements) {
  auto bytes = head_of(what);
  for (const auto& each : elements)
    append_element(bytes, each);
  return bytes;
}

std::optional<kind> kind_of(std::string_view bytes) {
  if (!bytes.starts_with(mark) || bytes.size() < head_size)
    return std::nullopt;
  const auto what = static_cast<std::uint8_t>(bytes[mark.size()]);
  return what >= 1 && what <= 3 ? std::optional{static_cast<kind>(what)} : std::nullopt;
}

std::optional<std::vector<std::string>> elements_of(std::string_view bytes) {
  constexpr auto length = sizeof(std::uint32_t);
  std::vector<std::string> elements;
  for (auto rest = bytes.substr(head_size); !rest.empty();) {
    if (rest.size() < length)
      return std::nullopt;
    const auto size = read_big_endian<std::uint32_t>(rest);
    rest.remove_prefix(length);
    if (rest.size() < size)
      return std::nullopt;
    elements.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return elements;
}

bool rises(const std::vector<std::string>& elements) {
  return std::adjacent_find(elements.begin(), elements.end(), std::greater_equal{})
         == elements.end();
}

error other_type(std::string_view wanted, std::string_view bytes) {
  return make_error(error_code::invalid, "the key has " + std::string{type_name(bytes)}
                                           + ", not " + std::string{wanted});
}

/// Absent: nothing.
result<std::optional<std::int64_t>> number_in(std::optional<std::string_view> bytes) {
  if (!bytes)
    return std::optional<std::int64_t>{};
  const auto found = decode_typed(*bytes);
  if (const auto* number = found ? std::get_if<integer_value>(&*found) : nullptr)
    return std::optional{number->number};
  return other_type("an integer", *bytes);
}

/// Absent: the empty one.
result<set_value> set_in(std::optional<std::string_view> bytes) {
  if (!bytes)
    return set_value{};
  auto found = decode_typed(*bytes);
  if (auto* set = found ? std::get_if<set_value>(&*found) : nullptr)
    return std::move(*set);
  return other_type("a set", *bytes);
}

template <class Pick>
result<std::string> chosen(std::optional<std::string_view> bytes, std::int64_t operand,
                           Pick pick) {
  const auto there = number_in(bytes);
  if (!there)
    return there.problem();
  return encode_typed(integer_value{*there ? pick(**there, operand) : operand});
}

/// `change(elements, where it stands or would, whether it is there)`.
template <class Change>
result<std::string> changed_set(std::optional<std::string_view> bytes,
                                std::string_view element, Change change) {
  auto there = set_in(bytes);
  if (!there)
    return there.problem();
  auto& all = there->elements;
  const auto place = std::lower_bound(all.begin(), all.end(), element);
  change(all, place, place != all.end() && *place == element);
  return encode_typed(*there);
}

} // namespace

std::string encode_typed(const typed_value& what) {
  return std::visit(overloaded{
                      [](integer_value v) {
                        auto bytes = head_of(kind::integer);
                        append_big_endian(bytes, static_cast<std::uint64_t>(v.number));
                        return bytes;
                      },
                      [](const list_value& v) { return of_elements(kind::list, v.elements); },
                      [](const set_value& v) { return of_elements(kind::set, v.elements); },
                    },
                    what);
}

std::optional<typed_value> decode_typed(std::string_view bytes) {
  const auto what = kind_of(bytes);
  if (!what)
    return std::nullopt;
  if (*what == kind::integer) {
    const auto rest = bytes.substr(head_size);
    if (rest.size() != sizeof(std::uint64_t))
      return std::nullopt;
    return integer_value{static_cast<std::int64_t>(read_big_endian<std::uint64_t>(rest))};
  }
  auto elements = elements_of(bytes);
  if (!elements || (*what == kind::set && !rises(*elements)))
    return std::nullopt;
  if (*what == kind::list)
    return list_value{std::move(*elements)};
  return set_value{std::move(*elements)};
}

std::string_view type_name(std::string_view bytes) {
  if (bytes.starts_with(crdt_head))
    return "a CRDT";
  if (!decode_typed(bytes))
    return "bytes";
  switch (*kind_of(bytes)) {
    case kind::integer:
      return "an integer";
    case kind::list:
      return "a list";
    case kind::set:
      return "a set";
  }
  return "bytes";
}

result<std::string> with_added(std::optional<std::string_view> bytes, std::int64_t operand) {
  const auto there = number_in(bytes);
  if (!there)
    return there.problem();
  std::int64_t sum = 0;
  if (__builtin_add_overflow(there->value_or(0), operand, &sum))
    return make_error(error_code::invalid,
                      "the key has " + std::to_string(there->value_or(0)) + ": with "
                        + std::to_string(operand) + " it wouldn't fit into 64 bits");
  return encode_typed(integer_value{sum});
}

result<std::string> with_least(std::optional<std::string_view> bytes, std::int64_t operand) {
  return chosen(bytes, operand, [](auto a, auto b) { return std::min(a, b); });
}

result<std::string> with_greatest(std::optional<std::string_view> bytes,
                                  std::int64_t operand) {
  return chosen(bytes, operand, [](auto a, auto b) { return std::max(a, b); });
}

/// What is there isn't taken apart: an append costs a copy, however many there are.
result<std::string> with_appended(std::optional<std::string_view> bytes,
                                  std::string_view element) {
  if (bytes && kind_of(*bytes) != kind::list)
    return other_type("a list", *bytes);
  std::string longer;
  longer.reserve(head_size + (bytes ? bytes->size() : 0) + sizeof(std::uint32_t)
                 + element.size());
  if (bytes)
    longer = *bytes;
  else
    longer = head_of(kind::list);
  append_element(longer, element);
  return longer;
}

result<std::string> with_inserted(std::optional<std::string_view> bytes,
                                  std::string_view element) {
  return changed_set(bytes, element, [&](auto& all, auto place, bool is_there) {
    if (!is_there)
      all.insert(place, std::string{element});
  });
}

result<std::string> without_element(std::optional<std::string_view> bytes,
                                    std::string_view element) {
  return changed_set(bytes, element, [](auto& all, auto place, bool is_there) {
    if (is_there)
      all.erase(place);
  });
}

namespace {

template <class Combine>
result<std::string> combined(std::string_view a, std::string_view b, Combine combine) {
  const auto left = set_in(a);
  if (!left)
    return left.problem();
  const auto right = set_in(b);
  if (!right)
    return make_error(error_code::invalid,
                      "the value is " + std::string{type_name(b)} + ", not a set");
  set_value both;
  combine(left->elements, right->elements, std::back_inserter(both.elements));
  return encode_typed(both);
}

} // namespace

result<std::string> union_of(std::string_view a, std::string_view b) {
  return combined(a, b, [](const auto& left, const auto& right, auto out) {
    std::set_union(left.begin(), left.end(), right.begin(), right.end(), out);
  });
}

result<std::string> intersection_of(std::string_view a, std::string_view b) {
  return combined(a, b, [](const auto& left, const auto& right, auto out) {
    std::set_intersection(left.begin(), left.end(), right.begin(), right.end(), out);
  });
}

} // namespace present::storage
