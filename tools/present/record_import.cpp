#include "tools/present/record_import.hpp"

#include <algorithm>
#include <utility>

namespace present::tools {

namespace {

constexpr resilience::backoff::settings pauses{20, 2'000};

/// An unknown outcome isn't: the write may still come, behind another's.
bool may_be_tried_again(const error& why) {
  return traits_of(why.code).retryable && why.known == outcome::not_applied;
}

} // namespace

record_import::record_import(std::string space, std::string name, doors through,
                             std::uint64_t seed)
    : space_(std::move(space)), name_(std::move(name)), through_(std::move(through)),
      backoff_(seed, pauses) {
}

result<std::size_t> record_import::run(std::istream& from) {
  std::size_t number = 0;
  for (std::string text; std::getline(from, text);) {
    ++number;
    if (text.empty())
      continue;
    if (auto added = add(text, number); !added)
      return added.problem();
  }
  if (auto written = flush(); !written)
    return written.problem();
  return imported_;
}

status record_import::add(const std::string& text, std::size_t number) {
  const auto place = name_ + ':' + std::to_string(number);
  auto record = client::parse_record_line(text, place);
  const auto bytes = record ? record->key.size() + record->value.size() : 0;
  // What comes before a line that is wrong is in, and so is an earlier one of its key.
  const bool is_full = gathered_.size() >= batch_records || bytes_ + bytes > batch_bytes
                       || (record && keys_.contains(record->key));
  if (!record || is_full)
    if (auto written = flush(); !written)
      return written;
  if (!record) {
    auto problem = record.problem();
    problem.message += "; " + std::to_string(imported_) + " records before it are in";
    return problem;
  }
  bytes_ += bytes;
  keys_.insert(record->key);
  gathered_.push_back({place, std::move(*record)});
  return success();
}

status record_import::flush() {
  bytes_ = 0;
  keys_.clear();
  auto open = std::exchange(gathered_, {});
  while (!open.empty()) {
    auto left = write(open);
    if (!left)
      return left.problem();
    if (left->size() < open.size()) {
      waited_ms_ = 0;
      backoff_.reset();
      through_.progress(imported_);
    }
    open = std::move(*left);
    if (open.empty())
      break;
    if (waited_ms_ >= patience_ms)
      return with_place(open.front(), last_);
    const auto wait_ms = std::max(backoff_.next_ms(), last_.retry_after_ms) + 1;
    waited_ms_ += wait_ms;
    through_.pause(wait_ms);
  }
  return success();
}

auto record_import::write(const std::vector<line>& lines) -> result<std::vector<line>> {
  batch all;
  for (const auto& one : lines)
    all.put(space_, one.what.key, one.what.value);
  const auto answers = through_.write(std::move(all));
  std::vector<line> again;
  const line* wrong = nullptr;
  error why;
  for (std::size_t place = 0; place < lines.size(); ++place) {
    if (answers[place]) {
      ++imported_;
    } else if (may_be_tried_again(answers[place].problem())) {
      last_ = answers[place].problem();
      again.push_back(lines[place]);
    } else if (!wrong) {
      wrong = &lines[place];
      why = answers[place].problem();
    }
  }
  if (wrong)
    return with_place(*wrong, std::move(why));
  return again;
}

error record_import::with_place(const line& of, error problem) const {
  problem.message
    = of.place + ": " + problem.message + "; " + std::to_string(imported_) + " records are in";
  return problem;
}

} // namespace present::tools
