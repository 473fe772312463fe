#include "storage/snapshot_stream.hpp"

#include "runtime/base/bounds.hpp"
#include "storage/record_codec.hpp"
#include "storage/snapshot_codec.hpp"

#include <array>
#include <utility>

namespace present::storage {

namespace {

constexpr std::size_t length_bytes = 4;

/// The digest of a snapshot: each frame's hash is the next one's seed. 0 means
/// "none" where digests are named.
class running_digest {
public:
  void add(std::string_view frame) { sum_ = hash_bytes(frame, sum_); }
  std::uint64_t value() const { return sum_ == 0 ? 1 : sum_; }

private:
  std::uint64_t sum_ = 0;
};

error wrong(const std::string& what) {
  return make_error(error_code::damaged, "a snapshot " + what);
}

// -- writing ---------------------------------------------------------------------

/// Gathers rows into blocks, blocks into the spool.
class snapshot_writer {
public:
  explicit snapshot_writer(spool& to) : to_(&to) {}

  status put_head(const snapshot_head& head) {
    return put(encode_snapshot_head(head));
  }

  status put_row(const record_key& key, const record& what) {
    gathered_.push_back({key.bytes(), encode_record(what)});
    gathered_bytes_ += gathered_.back().key.size() + gathered_.back().record.size();
    return gathered_bytes_ < bounds::snapshot_block ? success() : flush();
  }

  status flush() {
    if (gathered_.empty())
      return success();
    gathered_bytes_ = 0;
    return put(encode_snapshot_block(std::exchange(gathered_, {})));
  }

  std::uint64_t digest() const { return digest_.value(); }

private:
  status put(const std::string& message) {
    if (message.size() > bounds::max_snapshot_block)
      return make_error(error_code::too_large,
                        "a snapshot's block has " + std::to_string(message.size())
                          + " bytes, at most "
                          + std::to_string(bounds::max_snapshot_block)
                          + " are read");
    std::string frame(length_bytes, '\0');
    for (std::size_t i = 0; i < length_bytes; ++i)
      frame[i] = static_cast<char>(message.size() >> (8 * (length_bytes - 1 - i)));
    frame += message;
    digest_.add(frame);
    return to_->append(frame);
  }

  spool* to_;
  std::vector<encoded_row> gathered_;
  std::size_t gathered_bytes_ = 0;
  running_digest digest_;
};

// -- reading ---------------------------------------------------------------------

class snapshot_reader {
public:
  explicit snapshot_reader(const spool& from) : from_(&from) {}

  bool at_end() const { return offset_ == from_->size(); }
  std::uint64_t digest() const { return digest_.value(); }

  /// The next message.
  result<std::string> take() {
    auto frame = from_->read(offset_, length_bytes);
    if (!frame)
      return frame.problem();
    std::size_t length = 0;
    for (const char byte : *frame)
      length = length << 8 | static_cast<unsigned char>(byte);
    if (length > bounds::max_snapshot_block)
      return wrong("has a block of " + std::to_string(length) + " bytes");
    auto message = from_->read(offset_ + length_bytes, length);
    if (!message)
      return message.problem();
    *frame += *message;
    digest_.add(*frame);
    offset_ += frame->size();
    return message;
  }

private:
  const spool* from_;
  std::uint64_t offset_ = 0;
  running_digest digest_;
};

status check_head(const snapshot_head& head, const snapshot_facts& expected,
                  partition_id whose) {
  if (head.format > snapshot_format)
    return make_error(error_code::invalid,
                      "a snapshot of format " + std::to_string(head.format)
                        + "; this program knows formats up to "
                        + std::to_string(snapshot_format)
                        + ": use a newer program");
  if (head.partition != whose)
    return wrong("is of partition " + std::to_string(head.partition.value));
  if (head.mark != expected.mark)
    return wrong("has another mark than was announced");
  return success();
}

/// Rows on their way into the new state, in large batches (P27).
class batch_loader {
public:
  explicit batch_loader(state_backend& into) : into_(&into) {}

  status add(std::vector<row>&& rows, std::size_t bytes) {
    for (auto& item : rows) {
      if (item.key <= last_)
        return wrong("has its rows in the wrong order");
      last_ = item.key;
      changes_.emplace_hint(changes_.end(), std::move(item.key),
                            std::move(item.what));
    }
    bytes_ += bytes;
    return bytes_ < bounds::snapshot_load ? success() : write({});
  }

  /// With the mark, once all is known to be right.
  status write(const raft::snapshot_mark& mark) {
    bytes_ = 0;
    return into_->write({std::exchange(changes_, {}), mark});
  }

private:
  state_backend* into_;
  record_key last_;
  record_table changes_;
  std::size_t bytes_ = 0;
};

} // namespace

result<snapshot_facts> write_snapshot(const state_backend& from,
                                      partition_id whose, spool& to) {
  auto mark = from.applied();
  if (!mark)
    return mark.problem();
  if (mark->index == log_index{})
    return make_error(error_code::invalid,
                      "there is no checkpoint to make a snapshot of");
  const auto expected = from.digest();
  snapshot_writer writer{to};
  if (status ok = writer.put_head({snapshot_format, whose, *mark, expected}); !ok)
    return ok.problem();
  state_digest found;
  status written = success();
  status read = from.scan(
    record_key::start_of(record_kind::partition),
    record_key::end_of(last_record_kind), [&](row&& item) {
      found.change(item.key, std::nullopt, digest_of(item.key, item.what));
      written = writer.put_row(item.key, item.what);
      return bool{written};
    });
  if (!read)
    return read.problem();
  if (written)
    written = writer.flush();
  if (!written)
    return written.problem();
  if (const auto off = found.differing(expected); !off.empty())
    return make_error(error_code::damaged,
                      "the state isn't as it was written: "
                        + std::to_string(off.size())
                        + " buckets of keys don't add up");
  return snapshot_facts{std::move(*mark), writer.digest(), to.size()};
}

status load_snapshot(const spool& from, const snapshot_facts& expected,
                     partition_id whose, state_backend& into) {
  snapshot_reader reader{from};
  auto first = reader.take();
  if (!first)
    return first.problem();
  auto head = decode_snapshot_head(*first);
  if (!head)
    return head.problem();
  if (status ok = check_head(*head, expected, whose); !ok)
    return ok;
  batch_loader loader{into};
  while (!reader.at_end()) {
    auto message = reader.take();
    auto rows = message ? decode_snapshot_block(*message) : message.problem();
    if (!rows)
      return rows.problem();
    if (status ok = loader.add(std::move(*rows), message->size()); !ok)
      return ok;
  }
  if (reader.digest() != expected.digest)
    return wrong("arrived with other bytes than were sent");
  if (status ok = loader.write(head->mark); !ok)
    return ok;
  if (into.digest() != head->digest)
    return wrong("doesn't add up to what its sender had");
  return verify(into);
}

} // namespace present::storage
