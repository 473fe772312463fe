#include "tests/scenarios/key_value_state.hpp"

#include "tests/simulation/seeded_random.hpp"

#include <cstring>

namespace present::simulation {

namespace {

void put_word(std::string& bytes, std::uint64_t word) {
  char raw[sizeof word];
  std::memcpy(raw, &word, sizeof word);
  bytes.append(raw, sizeof word);
}

std::uint64_t word_at(const std::string& bytes, std::size_t place) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + place * sizeof word, sizeof word);
  return word;
}

} // namespace

raft::payload_ptr encode(const key_value_command& command) {
  std::string bytes;
  put_word(bytes, command.key);
  put_word(bytes, command.value);
  return std::make_shared<const std::string>(std::move(bytes));
}

key_value_command decode(const std::string& payload) {
  return {word_at(payload, 0), word_at(payload, 1)};
}

void key_value_state::apply(const raft::entry& item) {
  fold(digest, item.index.value);
  fold(digest, item.at_term.value);
  if (item.kind != raft::entry_kind::command)
    return;
  const auto command = decode(*item.payload);
  values[command.key] = command.value;
  fold(digest, command.key);
  fold(digest, command.value);
}

std::uint64_t key_value_state::value_of(std::uint64_t key) const {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
}

std::string key_value_state::to_bytes() const {
  std::string bytes;
  put_word(bytes, digest);
  for (const auto& [key, value] : values) {
    put_word(bytes, key);
    put_word(bytes, value);
  }
  return bytes;
}

key_value_state key_value_state::from_bytes(const std::string& bytes) {
  key_value_state state;
  state.digest = word_at(bytes, 0);
  for (std::size_t place = 1; place + 1 < bytes.size() / 8; place += 2)
    state.values[word_at(bytes, place)] = word_at(bytes, place + 1);
  return state;
}

} // namespace present::simulation
