#include "tests/faults/disk/written_file.hpp"

#include <algorithm>
#include <cstring>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace present::faults {

written_file::written_file(int descriptor)
    : descriptor_(descriptor), durable_size_(size()) {
}

written_file::~written_file() {
  close(descriptor_);
}

std::uint64_t written_file::size() const {
  struct stat found {};
  return fstat(descriptor_, &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

void written_file::before_write(std::uint64_t offset, std::size_t count) {
  if (count == 0)
    return;
  for (auto number = offset / block_bytes; number <= (offset + count - 1) / block_bytes;
       ++number) {
    auto& known = unsynced_[number];
    if (known) {
      known->forsaken = false;
      continue;
    }
    known = std::make_unique<block>();
    known->before.fill(0);
    pread(descriptor_, known->before.data(), block_bytes,
          static_cast<off_t>(number * block_bytes));
  }
}

void written_file::on_durable_write(std::uint64_t offset, std::string_view bytes) {
  durable_size_ = std::max<std::uint64_t>(durable_size_, offset + bytes.size());
  while (!bytes.empty()) {
    const auto within = offset % block_bytes;
    const auto part = bytes.substr(0, block_bytes - within);
    if (const auto known = unsynced_.find(offset / block_bytes); known != unsynced_.end())
      std::memcpy(known->second->before.data() + within, part.data(), part.size());
    offset += part.size();
    bytes.remove_prefix(part.size());
  }
}

void written_file::on_sync() {
  std::erase_if(unsynced_, [](const auto& item) { return !item.second->forsaken; });
  durable_size_ = size();
}

void written_file::on_failed_sync() {
  for (auto& [number, what] : unsynced_)
    what->forsaken = true;
}

std::size_t written_file::kept_bytes(const block& what, seeded& random) const {
  if (what.forsaken)
    return 0;
  const auto drawn = random.next();
  switch (drawn % 4) {
    case 0:
      return block_bytes;
    case 1:
      return (1 + (drawn >> 8) % (block_bytes / sector_bytes - 1)) * sector_bytes;
    default:
      return 0;
  }
}

loss written_file::lose_power(seeded& random) {
  loss done;
  auto end = durable_size_;
  for (const auto& [number, what] : unsynced_) {
    const auto kept = kept_bytes(*what, random);
    const auto start = number * block_bytes;
    ++done.unsynced;
    if (kept > 0)
      end = std::max<std::uint64_t>(end, std::min(size(), start + kept));
    if (kept == block_bytes)
      continue;
    ++done.lost;
    syscall(SYS_pwrite64, descriptor_, what->before.data() + kept, block_bytes - kept,
            start + kept);
  }
  syscall(SYS_ftruncate, descriptor_, end);
  return done;
}

} // namespace present::faults
