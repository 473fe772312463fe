#include "actors/http/transaction_body.hpp"

#include "actors/http/body_reader.hpp"
#include "runtime/base/bounds.hpp"

#include <array>
#include <utility>

namespace present::http {

namespace {

/// {"then":[{"op":"get"}]}; a step has seven members at most.
constexpr body_shape transaction_shape{
  "a transaction", R"({"op":"put","space":"s","key":"k","value":"v"})", 3,
  32 * bounds::max_transaction_keys, "compare, then, else", bounds::max_transaction_keys};

/// Reads one transaction, and gathers its spaces.
class transaction_reader {
public:
  space_id space(object_reader& from) {
    return client::place_in(call_.spaces, from.text("space"));
  }

  comparison read_comparison(object_reader& from) {
    comparison what;
    what.space = space(from);
    const auto encoding = encoding_of(from);
    what.key = bytes_of(from, "key", encoding);
    const auto is = from.text("is", "equal");
    static constexpr std::array names{"equal", "not_equal", "less", "greater"};
    const auto named = std::find(names.begin(), names.end(), is);
    if (named == names.end())
      from.complain("is", "'" + is + "' is none of equal, not_equal, less, greater");
    else
      what.is = static_cast<relation>(named - names.begin());
    const auto given = int{from.has("version")} + from.has("value") + from.has("exists");
    if (given != 1)
      from.complain("version", "or value or exists: one of them");
    if (from.has("version"))
      what.to = hlc_stamp{from.version("version")};
    if (from.has("value"))
      what.to = bytes_of(from, "value", encoding);
    if (from.has("exists")) {
      if (is != "equal")
        from.complain("is", "takes a version or a value");
      what.is = from.flag("exists") ? relation::not_equal : relation::equal;
      what.to = hlc_stamp{};
    }
    return what;
  }

  step read_step(object_reader& from) {
    const auto op = from.text("op");
    const auto where = space(from);
    const auto encoding = encoding_of(from);
    if (op == "scan")
      return read_scan(from, where, encoding);
    auto key = bytes_of(from, "key", encoding);
    if (op == "get")
      return get_step{where, std::move(key)};
    if (op == "put")
      return put_step{where, std::move(key),
                      std::make_shared<const std::string>(bytes_of(from, "value", encoding))};
    if (op == "delete")
      return remove_step{where, std::move(key)};
    if (const auto how = place_in({"add", "min", "max"}, op))
      return number_step{where, std::move(key), static_cast<number_change>(*how),
                         from.whole_number("number")};
    if (const auto how = place_in({"append", "insert", "take_out"}, op))
      return element_step{where, std::move(key), static_cast<element_change>(*how),
                          bytes_of(from, "element", encoding)};
    from.complain("op", "'" + op
                          + "' is none of get, scan, put, delete, add, min, max, append, "
                            "insert, take_out");
    return get_step{where, std::move(key)};
  }

  template <class Read>
  std::optional<error> read_list(const json& body, const char* name, Read read) {
    const auto list = body.find(name);
    if (list == body.end())
      return std::nullopt;
    if (!list->is_array())
      return make_error(error_code::invalid, std::string{name} + ": must be a list");
    return read_objects(*list, name, read);
  }

  client::transact_call& call() { return call_; }

private:
  static scan_step read_scan(object_reader& from, space_id where, const std::string& encoding) {
    scan_step page{where, decoded(from, "first", encoding, from.text("first", "")),
                   decoded(from, "last", encoding, from.text("last", "")), 0, false};
    page.limit = static_cast<std::uint32_t>(from.number("limit", 1, bounds::max_scan_page));
    page.keys_only = from.flag("keys_only");
    return page;
  }

  static std::optional<std::size_t> place_in(const std::array<std::string_view, 3>& names,
                                             std::string_view op) {
    const auto found = std::find(names.begin(), names.end(), op);
    return found == names.end() ? std::nullopt
                                : std::optional{static_cast<std::size_t>(found - names.begin())};
  }

  client::transact_call call_;
};

} // namespace

result<client::transact_call> parse_transaction_body(std::string_view body) {
  const auto parsed = parse_bounded(body, transaction_shape);
  if (!parsed)
    return parsed.problem();
  if (!parsed->is_object())
    return make_error(error_code::invalid, "body: must be an object");
  for (const auto& [name, value] : parsed->items())
    if (name != "compare" && name != "then" && name != "else")
      return make_error(error_code::invalid,
                        "body." + name + ": unknown; there are compare, then, else");
  transaction_reader reader;
  auto& what = reader.call().what;
  for (auto problem :
       {reader.read_list(*parsed, "compare",
                         [&](object_reader& r) { what.compare.push_back(reader.read_comparison(r)); }),
        reader.read_list(*parsed, "then",
                         [&](object_reader& r) { what.then.push_back(reader.read_step(r)); }),
        reader.read_list(*parsed, "else",
                         [&](object_reader& r) { what.otherwise.push_back(reader.read_step(r)); })})
    if (problem)
      return *problem;
  if (what.compare.empty() && what.then.empty() && what.otherwise.empty())
    return make_error(error_code::invalid, "body: neither compare nor then nor else: nothing to do");
  return std::move(reader.call());
}

} // namespace present::http
