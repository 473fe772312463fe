#include "actors/http/plan.hpp"

#include "actors/client/lock_names.hpp"
#include "actors/http/batch_body.hpp"
#include "actors/http/idempotency.hpp"
#include "actors/http/query_reader.hpp"
#include "actors/http/transaction_body.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/parse_count.hpp"

#include <algorithm>
#include <limits>

namespace present::http {

namespace {

using network::http_request;

constexpr std::uint64_t longest_deadline_ms = 600'000;
/// What a proxy lets a quiet connection live for, and the way there and back.
constexpr std::uint64_t longest_wait_ms = 50'000;
constexpr std::uint32_t wait_margin_ms = 2'000;

/// The first problem on the way, and what has been understood so far.
class understanding {
public:
  explicit understanding(http_request& asked) : asked_(asked), query_(asked.target) {
    made_.ask.deadline_ms = static_cast<std::uint32_t>(
      query_.number("deadline_ms", 1, longest_deadline_ms).value_or(0));
  }

  query_reader& query() { return query_; }
  http_request& asked() { return asked_; }

  template <class Call>
  void ask(Call call) {
    made_.ask.calls.emplace_back(std::move(call));
  }
  void ask_all(std::vector<client::call_kind> calls) { made_.ask.calls = std::move(calls); }

  std::string key_from(std::size_t from) const { return asked_.target.joined_from(from); }
  const std::string& segment(std::size_t place) const { return asked_.target.segments[place]; }

  bool wants_stale() {
    const auto given = query_.text("consistency").value_or("linearizable");
    if (given != "linearizable" && given != "stale")
      query_.complain(make_error(error_code::invalid, "query: consistency: '" + given
                                                        + "' is neither linearizable nor stale"));
    return given == "stale";
  }

  /// The stamp to read at; 0: now.
  hlc_stamp take_at() {
    return {query_.number("at", 1, std::numeric_limits<std::uint64_t>::max()).value_or(0)};
  }

  std::uint64_t take_page_limit() {
    return query_.number("limit", 1, bounds::max_scan_page, true).value_or(bounds::max_scan_page);
  }

  /// The version in a header of conditions; 0 without the header.
  std::uint64_t version_in(std::string_view header) {
    const auto given = asked_.header(header);
    if (!given)
      return 0;
    auto digits = *given;
    if (digits.size() >= 2 && digits.front() == '"' && digits.back() == '"')
      digits = digits.substr(1, digits.size() - 2);
    const auto version = parse_count(digits).value_or(0);
    if (version == 0)
      query_.complain(make_error(error_code::invalid,
                                 std::string{header} + ": '" + std::string{*given}
                                   + "' is not one version, as ETag has it"));
    return version;
  }

  condition write_condition() {
    const auto version = version_in("If-Match");
    const auto none = asked_.header("If-None-Match");
    if (none && *none != "*")
      query_.complain(make_error(error_code::invalid,
                                 "If-None-Match: a write takes '*' only: if the key is absent"));
    if (none && version != 0)
      query_.complain(make_error(error_code::invalid, "If-Match and If-None-Match: one of them"));
    if (none)
      return if_absent{};
    return version ? condition{if_version{{version}}} : condition{always{}};
  }

  /// Of a write that is made under a lock.
  std::optional<client::fence_name> fence() {
    const auto text = query_.text("fence");
    if (!text)
      return std::nullopt;
    auto read = client::parse_fence(*text);
    if (read)
      return std::move(*read);
    query_.complain(make_error(read.problem().code, "query: fence: " + read.problem().message));
    return std::nullopt;
  }

  client::lock_name lock() {
    auto read = client::parse_lock_name(asked_.target.joined_from(2));
    if (read)
      return std::move(*read);
    query_.complain(read.problem());
    return {};
  }

  std::string claim() {
    const auto text = query_.text("claim").value_or("");
    if (text.empty() || text.size() > max_idempotency_key)
      query_.complain(make_error(error_code::invalid,
                                 "query: claim: 1 to 255 bytes, a name of your own for this try "
                                 "to have the lock, such as a UUID"));
    return text;
  }

  /// Of a question that may wait, below its deadline.
  std::uint32_t wait_ms() {
    const auto wait = query_.number("wait_ms", 0, longest_wait_ms).value_or(0);
    const auto least = static_cast<std::uint32_t>(wait) + wait_margin_ms;
    if (made_.ask.deadline_ms == 0)
      made_.ask.deadline_ms = std::max(least, bounds::default_deadline_ms);
    else if (made_.ask.deadline_ms < least)
      query_.complain(make_error(error_code::invalid,
                                 "query: deadline_ms: " + std::to_string(made_.ask.deadline_ms)
                                   + "; to wait for so long takes " + std::to_string(least)));
    return static_cast<std::uint32_t>(wait);
  }

  /// What the author of a write knew.
  write_context knowledge(bool has_value) {
    write_context knows;
    if (const auto base = query_.number("base", 0, UINT64_MAX))
      knows.base = hlc_stamp{*base};
    const auto at = query_.number("at", 1, UINT64_MAX);
    const auto origin = query_.number("origin", 0, UINT64_MAX);
    if (at)
      knows.at = storage::authorship{{*at}, origin.value_or(0)};
    else if (origin)
      query_.complain(make_error(error_code::invalid, "query: origin: without at"));
    if (const auto after = query_.number("after", 1, UINT64_MAX))
      knows.after = hlc_stamp{*after};
    if (has_value)
      knows.schema = query_.text("schema").value_or("");
    return knows;
  }

  void take_write_name() {
    auto name = write_name_of(asked_);
    if (name)
      made_.ask.name = *name;
    else
      query_.complain(name.problem());
  }

  result<plan> finish(manner say) {
    if (auto problem = query_.problem())
      return *problem;
    made_.say = std::move(say);
    return std::move(made_);
  }

private:
  http_request& asked_;
  query_reader query_;
  plan made_;
};

result<plan> read_value(understanding& u) {
  const bool stale = u.wants_stale();
  u.ask(client::get_call{u.segment(2), u.key_from(3), stale, u.take_at()});
  return u.finish(say_value{u.version_in("If-Match"), u.version_in("If-None-Match")});
}

result<plan> write_value(understanding& u) {
  auto knows = u.knowledge(true);
  auto when = u.write_condition();
  u.take_write_name();
  const bool has_condition = !std::holds_alternative<always>(when);
  u.ask(client::put_call{u.segment(2), u.key_from(3),
                         std::make_shared<const std::string>(std::move(u.asked().body)), when,
                         u.fence(), std::move(knows)});
  return u.finish(say_written{has_condition});
}

result<plan> remove_value(understanding& u) {
  auto knows = u.knowledge(false);
  const auto when = u.write_condition();
  u.take_write_name();
  u.ask(client::remove_call{u.segment(2), u.key_from(3), when, u.fence(), std::move(knows)});
  return u.finish(say_written{!std::holds_alternative<always>(when)});
}

result<plan> list_keys(understanding& u) {
  say_page page;
  page.space = u.segment(2);
  page.range.prefix = u.query().text("prefix").value_or("");
  page.range.start = u.query().text("start").value_or("");
  page.range.end = u.query().text("end").value_or("");
  if (const auto after = u.query().text("after"))
    page.range.start = std::max(page.range.start, next_key(*after));
  page.limit = u.take_page_limit();
  page.keys_only = u.query().flag("keys_only");
  page.stale = u.wants_stale();
  page.at = u.take_at();
  const auto within = bounds_of(page.range);
  if (!within.is_void)
    u.ask(client::scan_call{page.space, within.first, within.last,
                            static_cast<std::uint32_t>(page.limit), page.keys_only, page.stale, page.at});
  return u.finish(std::move(page));
}

result<plan> run_batch(understanding& u) {
  u.take_write_name();
  auto calls = parse_batch_body(u.asked().body);
  if (!calls)
    u.query().complain(calls.problem());
  else
    u.ask_all(std::move(*calls));
  return u.finish(say_batch{});
}

result<plan> run_transaction(understanding& u) {
  u.take_write_name();
  auto call = parse_transaction_body(u.asked().body);
  auto fence = u.fence();
  if (!call) {
    u.query().complain(call.problem());
  } else {
    call->fence = std::move(fence);
    u.ask(std::move(*call));
  }
  return u.finish(say_transaction{});
}

result<plan> make_space(understanding& u) {
  const auto none = u.asked().header("If-None-Match");
  if (none && *none != "*")
    u.query().complain(make_error(error_code::invalid,
                                  "If-None-Match: takes '*' only: if there is no such space"));
  u.take_write_name();
  auto made = parse_space_body(u.segment(2), u.asked().body);
  if (!made)
    u.query().complain(made.problem());
  else
    u.ask(std::move(*made));
  return u.finish(say_made_space{u.segment(2), none.has_value()});
}

result<plan> drop_space(understanding& u) {
  u.take_write_name();
  u.ask(present::drop_space{u.segment(2)});
  return u.finish(say_written{});
}

// -- conflicts -----------------------------------------------------------------------

result<plan> list_conflicts(understanding& u) {
  say_waiting page;
  page.space = u.segment(2);
  const auto after = u.query().text("after");
  page.limit = u.take_page_limit();
  client::scan_call asked{page.space, after ? next_key(*after) : std::string{}, "",
                          static_cast<std::uint32_t>(page.limit)};
  asked.escalated = true;
  u.ask(std::move(asked));
  return u.finish(std::move(page));
}

result<plan> decide_conflict(understanding& u) {
  const auto write = u.query().number("write", 1, std::numeric_limits<std::uint64_t>::max());
  const auto decision = u.query().text("decision").value_or("");
  if (!write)
    u.query().complain(make_error(error_code::invalid,
                                  "query: write: which one, as GET /v1/conflicts has it"));
  if (decision != "accept" && decision != "drop")
    u.query().complain(make_error(error_code::invalid, "query: decision: accept or drop"));
  if (!u.asked().body.empty())
    u.query().complain(make_error(error_code::invalid, "a body: there is nothing to say in it"));
  u.take_write_name();
  u.ask(client::settle_call{u.segment(2), u.key_from(3), {write.value_or(0)},
                            decision == "accept"});
  return u.finish(say_settled{});
}

// -- locks ---------------------------------------------------------------------------

result<plan> read_lock(understanding& u) {
  const auto name = u.lock();
  const auto known = u.query().number("known", 0, std::numeric_limits<std::uint64_t>::max());
  const auto wait = u.wait_ms();
  u.ask(client::read_lock_call{name.space, name.key, {known.value_or(0)}, wait});
  return u.finish(say_lock{u.asked().target.joined_from(2)});
}

result<plan> acquire_lock(understanding& u) {
  const auto name = u.lock();
  const auto claim = u.claim();
  client::acquire_call call{name.space, name.key, claim_of(u.asked(), claim)};
  call.lease_ms = static_cast<std::uint32_t>(
    u.query().number("lease_ms", min_lease_ms, max_lease_ms).value_or(10'000));
  call.wait = u.query().flag("wait");
  call.owner = u.query().text("owner").value_or("");
  if (!u.asked().body.empty())
    call.value = std::make_shared<const std::string>(std::move(u.asked().body));
  u.ask(std::move(call));
  return u.finish(say_claim{u.asked().target.joined_from(2), claim});
}

result<plan> keep_lock(understanding& u) {
  const auto name = u.lock();
  const auto claim = u.claim();
  const auto wait = u.wait_ms();
  if (!u.asked().body.empty())
    u.query().complain(make_error(error_code::invalid, "a body: there is nothing to say in it"));
  u.ask(client::keep_call{name.space, name.key, claim_of(u.asked(), claim), wait});
  return u.finish(say_claim{u.asked().target.joined_from(2), claim});
}

result<plan> release_lock(understanding& u) {
  const auto name = u.lock();
  u.ask(client::release_call{name.space, name.key, claim_of(u.asked(), u.claim())});
  return u.finish(say_written{});
}

} // namespace

result<plan> understand(action what, http_request asked) {
  understanding u{asked};
  switch (what) {
    case action::read_value:
      return read_value(u);
    case action::write_value:
      return write_value(u);
    case action::remove_value:
      return remove_value(u);
    case action::list_keys:
      return list_keys(u);
    case action::run_batch:
      return run_batch(u);
    case action::run_transaction:
      return run_transaction(u);
    case action::list_conflicts:
      return list_conflicts(u);
    case action::decide_conflict:
      return decide_conflict(u);
    case action::make_space:
      return make_space(u);
    case action::drop_space:
      return drop_space(u);
    case action::read_lock:
      return read_lock(u);
    case action::acquire_lock:
      return acquire_lock(u);
    case action::keep_lock:
      return keep_lock(u);
    case action::release_lock:
      return release_lock(u);
    case action::list_spaces:
      u.ask(client::map_call{});
      return u.finish(say_spaces{});
    case action::show_space:
      u.ask(client::map_call{});
      return u.finish(say_space{u.segment(2)});
    default:
      return make_error(error_code::not_found, "nothing that keys and spaces answer");
  }
}

} // namespace present::http
