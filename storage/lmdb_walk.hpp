#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

/// LMDB maps its file and believes every number in it: a flipped bit in a page
/// makes it read past the map, run in circles, answer without a row, or give a
/// page out twice. So before a file is mapped it is walked, with plain reads, as
/// what it is: bytes that anything may have happened to.
///
/// After a walk that succeeded
///
/// W1  both meta pages are LMDB's, of the page size, and follow one another: the
///     newer one is the commit after the older one's;
/// W2  each page that the newer one leads to is within the file, says its own
///     number and kind, and is used once: as a page of one tree, as part of one
///     value, or as a free page;
/// W3  in each page of a tree the nodes fill their room without a gap, keys rise,
///     and lie between those that the pages above name: so a search finds what a
///     scan finds;
/// W4  both trees have the depth, the pages and the rows that they claim.
///
/// What the walk does not look at is the rows' values: they are sealed. Nor does
/// it see a page that is sound and of another time: that takes the commit's number
/// among the rows (lmdb_env.hpp), digests (P24) and witnesses (P19).
namespace present::storage {

/// Where the bytes come from: a file, or a fuzzer.
class page_source {
public:
  virtual ~page_source() = default;
  virtual std::uint64_t bytes() const = 0;
  /// All of `to`; it must lie within the source.
  virtual status read(std::uint64_t offset, std::span<char> to) const = 0;
};

struct walked_file {
  std::uint64_t commit = 0; ///< number of the last one; 0: none yet
  std::uint64_t rows = 0;
  std::uint64_t used_pages = 0; ///< of both trees and their values
  std::uint64_t free_pages = 0;
};

/// `damaged`, and the message names `name`, the page and what is wrong with it.
result<walked_file> walk_lmdb(const page_source& from, const std::string& name);

/// The same over a file; one that is empty or not there is as LMDB would make it.
/// Costs about as much as reading the file once (storage/README.md).
result<walked_file> walk_lmdb_file(const std::filesystem::path& file);

} // namespace present::storage
