#include "tools/histories/transaction_lines.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/parse_count.hpp"
#include "tools/histories/edn.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace present::histories {

namespace {

using form = edn_value::form;

// -- writing
// -------------------------------------------------------------------------

/// A keyword or an integer where that reads back as the same key.
std::string key_in_edn(const std::string& key) {
  const auto is_letter = [](char one) {
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z');
  };
  const auto is_plain = [&](char one) {
    return is_letter(one) || (one >= '0' && one <= '9')
        || std::string_view{"-_."}.find(one) != std::string_view::npos;
  };
  const auto number = parse_count(key);
  if (number && *number <= std::numeric_limits<std::int64_t>::max()
      && std::to_string(*number) == key)
    return key;
  const bool begins_plain = !key.empty() && is_letter(key.front());
  return begins_plain && std::all_of(key.begin(), key.end(), is_plain)
           ? ':' + key
           : quoted(key);
}

std::string list_in_edn(const std::vector<std::int64_t>& list) {
  std::string text = "[";
  for (const auto value : list)
    text += (text.size() == 1 ? "" : " ") + std::to_string(value);
  return text + ']';
}

std::string actions_in_edn(const transaction& one, bool with_answers) {
  std::string text = "[";
  for (const auto& what : one.actions) {
    text += text.size() == 1 ? "" : " ";
    text += std::visit(
        overloaded{[](const append_value& more) {
                     return "[:append " + key_in_edn(more.key) + ' '
                          + std::to_string(more.value) + ']';
                   },
                   [&](const read_list& read) {
                     return "[:r " + key_in_edn(read.key) + ' '
                          + (with_answers ? list_in_edn(read.found) : "nil")
                          + ']';
                   }},
        what);
  }
  return text + ']';
}

struct event {
  std::uint64_t time = 0;
  /// Of events at one time; a process' own come one after the other.
  std::uint32_t turn = 0;
  std::size_t transaction = 0;
  bool is_call = true;

  auto order() const { return std::tuple{time, turn, transaction, !is_call}; }
};

std::vector<event> events_of(const std::vector<transaction>& history) {
  std::vector<event> events;
  std::map<std::uint32_t, event> last; // of a process
  for (std::size_t place = 0; place < history.size(); ++place) {
    const auto& one = history[place];
    event call{one.called, 0, place, true};
    const auto before = last.find(one.process);
    if (before != last.end() && before->second.time == one.called)
      call.turn = before->second.turn + 1;
    events.push_back(call);
    if (one.how == ending::unknown)
      continue;
    const auto turn = one.returned == one.called ? call.turn + 1 : 1;
    events.push_back({one.returned, turn, place, false});
    last[one.process] = events.back();
  }
  std::sort(events.begin(), events.end(), [](const event& a, const event& b) {
    return a.order() < b.order();
  });
  return events;
}

std::string line_of(const transaction& one, std::string_view type,
                    std::uint64_t time, std::size_t index) {
  return "{:process " + std::to_string(one.process)
       + ", :type :" + std::string{type} + ", :f :txn, :value "
       + actions_in_edn(one, type == "ok") + ", :index " + std::to_string(index)
       + ", :time " + std::to_string(time) + "}\n";
}

// -- reading
// -------------------------------------------------------------------------

class event_reader {
public:
  status add(const edn_value& line) {
    if (line.is != form::map)
      return complaint(line, "an event is a map, not "
                                 + std::string{to_string(line.is)});
    if (auto dense = check_index(line); !dense)
      return dense;
    const auto* process = line.member("process");
    if (!process)
      return complaint(line, "':process' is missing");
    if (process->is == form::keyword)
      return success();
    if (process->is != form::integer || process->number < 0
        || process->number > std::numeric_limits<std::uint32_t>::max())
      return complaint(*process, "':process' is neither a count nor a keyword");
    const auto* f = line.member("f");
    if (!f || f->is != form::keyword || f->text != "txn")
      return complaint(line, "':f' isn't :txn");
    const auto* type = line.member("type");
    if (!type || type->is != form::keyword)
      return complaint(line, "':type' is missing, or no keyword");
    const auto* value = line.member("value");
    if (!value || value->is != form::vector)
      return complaint(line, "':value' is missing, or no vector");
    const auto id = static_cast<std::uint32_t>(process->number);
    return type->text == "invoke" ? on_call(line, id, *value)
                                  : on_answer(line, id, type->text, *value);
  }

  std::vector<transaction> take() { return std::move(history_); }

private:
  static error complaint(const edn_value& where, const std::string& what) {
    return make_error(error_code::invalid,
                      std::to_string(where.line) + ": " + what);
  }

  status check_index(const edn_value& line) {
    const auto* index = line.member("index");
    if (!index || index->is != form::integer)
      return complaint(line, "':index' is missing, or no integer");
    if (index->number != next_index_)
      return complaint(*index, "':index' is " + std::to_string(index->number)
                                   + " and should be "
                                   + std::to_string(next_index_));
    ++next_index_;
    return success();
  }

  std::uint64_t now() const {
    return static_cast<std::uint64_t>(next_index_ - 1);
  }

  status on_call(const edn_value& line, std::uint32_t process,
                 const edn_value& value) {
    if (gone_.contains(process))
      return complaint(line,
                       "process " + std::to_string(process)
                           + " calls after an outcome of its was unknown");
    transaction made{process, {}, ending::unknown, now(), 0};
    if (auto good = read_actions(value, made.actions, false); !good)
      return good;
    if (!open_.try_emplace(process, history_.size()).second)
      return complaint(line, "process " + std::to_string(process)
                                 + " calls before it is answered");
    history_.push_back(std::move(made));
    return success();
  }

  status on_answer(const edn_value& line, std::uint32_t process,
                   const std::string& type, const edn_value& value) {
    const auto open = open_.find(process);
    if (open == open_.end())
      return complaint(line, "process " + std::to_string(process)
                                 + " is answered and hasn't called");
    auto& one = history_[open->second];
    if (type == "ok")
      one.how = ending::committed;
    else if (type == "fail")
      one.how = ending::aborted;
    else if (type == "info")
      gone_.insert(process);
    else
      return complaint(line, "':type': there is no :" + type);
    std::vector<list_action> actions;
    if (auto good = read_actions(value, actions, type == "ok"); !good)
      return good;
    if (!are_alike(one.actions, actions))
      return complaint(line,
                       "process " + std::to_string(process)
                           + " is answered something else than it called");
    one.returned = type == "info" ? 0 : now();
    if (type == "ok")
      one.actions = std::move(actions);
    open_.erase(open);
    return success();
  }

  static bool are_alike(const std::vector<list_action>& called,
                        const std::vector<list_action>& answered) {
    return std::equal(called.begin(), called.end(), answered.begin(),
                      answered.end(),
                      [](const list_action& a, const list_action& b) {
                        return std::holds_alternative<read_list>(a)
                                 ? std::holds_alternative<read_list>(b)
                                       && key_of(a) == key_of(b)
                                 : a == b;
                      });
  }

  status read_actions(const edn_value& value, std::vector<list_action>& into,
                      bool with_answers) {
    for (const auto& one : value.items) {
      if (one.is != form::vector || one.items.size() != 3
          || one.items[0].is != form::keyword)
        return complaint(one,
                         "an action is [:append KEY VALUE] or [:r KEY LIST]");
      const auto key = read_key(one.items[1]);
      if (!key)
        return key.problem();
      const auto& operand = one.items[2];
      if (one.items[0].text == "append") {
        if (operand.is != form::integer)
          return complaint(operand, "what is appended is an integer, not "
                                        + std::string{to_string(operand.is)});
        into.push_back(append_value{*key, operand.number});
      } else if (one.items[0].text == "r") {
        read_list read{*key, {}};
        if (auto good = read_found(operand, read.found); !good)
          return good;
        if (!with_answers)
          read.found.clear();
        into.push_back(std::move(read));
      } else {
        return complaint(one, "there is no action :" + one.items[0].text);
      }
    }
    return success();
  }

  static result<std::string> read_key(const edn_value& key) {
    if (key.is == form::keyword || key.is == form::text)
      return key.text;
    if (key.is == form::integer)
      return std::to_string(key.number);
    return complaint(key, "a key is a keyword, a string or an integer, not "
                              + std::string{to_string(key.is)});
  }

  static status read_found(const edn_value& list,
                           std::vector<std::int64_t>& into) {
    if (list.is == form::nil)
      return success();
    if (list.is != form::vector)
      return complaint(list, "what is read is a vector or nil, not "
                                 + std::string{to_string(list.is)});
    for (const auto& value : list.items) {
      if (value.is != form::integer)
        return complaint(value, "what is read has "
                                    + std::string{to_string(value.is)}
                                    + " in it, not only integers");
      into.push_back(value.number);
    }
    return success();
  }

  std::vector<transaction> history_;
  std::map<std::uint32_t, std::size_t>
      open_; ///< place in the history, by process
  std::set<std::uint32_t> gone_;
  std::int64_t next_index_ = 0;
};

} // namespace

std::string encode_transactions(std::vector<transaction> history) {
  std::stable_sort(history.begin(), history.end(),
                   [](const transaction& a, const transaction& b) {
                     return a.called < b.called;
                   });
  std::string text;
  std::size_t index = 0;
  std::uint64_t last = 0;
  for (const auto& one : events_of(history)) {
    const auto& what = history[one.transaction];
    const auto* answer = what.how == ending::committed ? "ok" : "fail";
    last = one.time;
    text += line_of(what, one.is_call ? "invoke" : answer, last, index++);
  }
  for (const auto& one : history)
    if (one.how == ending::unknown)
      text += line_of(one, "info", last, index++);
  return text;
}

result<std::vector<transaction>> decode_transactions(
    const std::string& text, const std::string& origin) {
  edn_reader lines{text};
  event_reader events;
  for (;;) {
    auto line = lines.next();
    if (line && !*line)
      return events.take();
    auto good = line ? events.add(**line) : status{line.problem()};
    if (!good) {
      good.problem().message = origin + ':' + good.problem().message;
      return good.problem();
    }
  }
}

} // namespace present::histories
