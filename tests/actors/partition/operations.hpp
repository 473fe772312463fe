#pragma once

#include "actors/partition/operation.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Operations, batches and requests in one line each.
namespace present::partition::test {

inline constexpr hlc_stamp never{0};
inline constexpr std::uint64_t first_wall_ms = 1'000'000;

inline hlc_stamp at_ms(std::int64_t ms) {
  return hlc_stamp::of(first_wall_ms + static_cast<std::uint64_t>(ms), 0);
}

inline bytes_ptr bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

template <class What>
operation write(std::uint64_t client, std::uint64_t number, What what,
                std::uint64_t acked_below = 0, hlc_stamp retry_until = at_ms(12'000)) {
  operation asked;
  asked.id = {{client}, {number}};
  asked.acked_below = {acked_below};
  asked.retry_until = retry_until;
  asked.what = std::move(what);
  return asked;
}

inline put put_of(std::string key, std::string value, condition when = always{},
                  space_id space = {1}) {
  return {space, std::move(key), bytes(std::move(value)), when};
}

inline remove_key remove_of(std::string key, condition when = always{}) {
  return {{1}, std::move(key), when};
}

template <class What>
operation read(What what) {
  operation asked;
  asked.what = std::move(what);
  return asked;
}

inline entry_batch batch_at(hlc_stamp stamp, std::vector<operation> operations,
                            own_command command = {}) {
  entry_batch batch;
  batch.first_stamp = stamp;
  batch.command = std::move(command);
  batch.operations = std::move(operations);
  return batch;
}

inline std::shared_ptr<request>
request_of(std::vector<operation> operations, std::uint32_t deadline_ms = 0) {
  auto asked = std::make_shared<request>();
  asked->partition = {1};
  asked->deadline_ms = deadline_ms;
  asked->operations = std::move(operations);
  return asked;
}

} // namespace present::partition::test
