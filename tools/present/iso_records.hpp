#pragma once

#include "runtime/base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Debian's iso-codes as records to keep: real, public, in many scripts, and of a
/// known number.
namespace present::tools {

struct iso_record {
  std::string key;   ///< standard and code: "3166-2/DE-BY"
  std::string value; ///< canonical JSON: members sorted, no blanks, UTF-8
  friend auto operator<=>(const iso_record&, const iso_record&) = default;
};

/// The standards that are taken, each with the member that names a record.
struct iso_standard {
  std::string_view name;
  std::string_view code_member;
};
const std::vector<iso_standard>& iso_standards();

/// "/usr/share/iso-codes/json": where the package iso-codes puts them.
std::filesystem::path iso_folder();

/// The records of one file. `origin` is what errors call it.
result<std::vector<iso_record>> parse_iso_file(const iso_standard& standard,
                                               const std::string& text,
                                               const std::string& origin);

/// All standards' records from `folder`, sorted by key, no key twice.
result<std::vector<iso_record>>
load_iso_records(const std::filesystem::path& folder);

/// SHA-256, in hexadecimal, over the records in the order given, each part behind
/// its length, so that no two different lists give the same bytes.
std::string checksum_of(const std::vector<iso_record>& records);

} // namespace present::tools
