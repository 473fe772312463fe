#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

/// LMDB's file as it lies on the disk: version 1 of its format on a 64-bit,
/// little-endian machine, as libraries/liblmdb/mdb.c of 0.9.24 writes it. Only
/// what a walk over the file needs. std only.
///
///   page 0, 1    meta: the newer of the two is the root of all
///   any other    branch, leaf, the first of a run of overflow pages, or free
///
///   every page   pgno:8 pad:2 flags:2 (lower:2 upper:2 | pages:4)   16 bytes
///   branch, leaf offset:2 ... | room | node ...       `lower` ends the offsets,
///                                                     `upper` begins the nodes
///   node         low:2 high:2 flags:2 key_size:2 key data, padded to even
///                leaf: the data's size is low | high << 16, and with flag 1 the
///                data is the page number of its overflow pages; branch: the
///                child is low | high << 16 | flags << 32
namespace present::storage::lmdb_format {

inline constexpr std::uint32_t magic = 0xBEEFC0DE;
inline constexpr std::uint32_t version = 1;
inline constexpr std::uint64_t first_data_page = 2;
inline constexpr std::uint64_t no_page = ~std::uint64_t{0};

inline constexpr std::size_t page_header = 16;
inline constexpr std::size_t node_header = 8;
/// Deeper trees don't fit LMDB's cursors.
inline constexpr std::uint16_t max_depth = 32;

inline constexpr std::uint16_t branch_page = 0x01;
inline constexpr std::uint16_t leaf_page = 0x02;
inline constexpr std::uint16_t overflow_page = 0x04;
inline constexpr std::uint16_t meta_page = 0x08;

inline constexpr std::uint16_t data_elsewhere = 0x01; ///< of a node
inline constexpr std::uint16_t integer_keys = 0x08;   ///< of a tree

template <class T>
T read_at(std::string_view bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// The head of any page but a meta page's content.
struct page_head {
  std::uint64_t number = 0;
  std::uint16_t flags = 0;
  std::uint16_t lower = 0; ///< branch, leaf
  std::uint16_t upper = 0;
  std::uint32_t pages = 0; ///< overflow

  static page_head of(std::string_view page) {
    return {read_at<std::uint64_t>(page, 0), read_at<std::uint16_t>(page, 10),
            read_at<std::uint16_t>(page, 12), read_at<std::uint16_t>(page, 14),
            read_at<std::uint32_t>(page, 12)};
  }
};

/// What a meta page says of one of the two trees.
struct tree_head {
  std::uint32_t pad = 0;
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t branch_pages = 0;
  std::uint64_t leaf_pages = 0;
  std::uint64_t overflow_pages = 0;
  std::uint64_t rows = 0;
  std::uint64_t root = 0;
};
static_assert(sizeof(tree_head) == 48);

struct meta {
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t address = 0;
  std::uint64_t map_bytes = 0;
  tree_head free; ///< its `pad` is the size of a page
  tree_head main;
  std::uint64_t last_page = 0;
  std::uint64_t commit = 0; ///< commit N is written to meta page N % 2
};
static_assert(sizeof(meta) == 136);
inline constexpr std::size_t meta_bytes = page_header + sizeof(meta);

struct node {
  std::uint16_t low = 0;
  std::uint16_t high = 0;
  std::uint16_t flags = 0;
  std::uint16_t key_bytes = 0;

  static node of(std::string_view page, std::size_t offset) {
    return read_at<node>(page, offset);
  }
  std::uint64_t child() const {
    return low | std::uint64_t{high} << 16 | std::uint64_t{flags} << 32;
  }
  std::uint32_t data_bytes() const { return low | std::uint32_t{high} << 16; }
  bool is_elsewhere() const { return flags == data_elsewhere; }
};
static_assert(sizeof(node) == node_header);

/// How many pages a value of this size takes elsewhere.
inline std::uint64_t overflow_pages_of(std::uint64_t bytes, std::uint64_t page) {
  return (page_header - 1 + bytes) / page + 1;
}

} // namespace present::storage::lmdb_format
