#include "tools/present/iso_records.hpp"

#include "runtime/base/check.hpp"
#include "tools/present/files.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace present::tools {

namespace {

// Not ordered_json: its members come out sorted, which makes them canonical.
using sorted_json = nlohmann::json;

class sha256 {
public:
  sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
          "SHA-256 is in every OpenSSL");
  }

  void add_part(std::string_view bytes) {
    const auto length = std::to_string(bytes.size()) + ':';
    add(length);
    add(bytes);
  }

  std::string hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1,
          "a digest that was begun can be ended");
    std::string text;
    for (unsigned place = 0; place < size; ++place) {
      text += "0123456789abcdef"[digest[place] >> 4];
      text += "0123456789abcdef"[digest[place] & 15];
    }
    return text;
  }

private:
  void add(std::string_view bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1,
          "a digest that was begun takes bytes");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

} // namespace

const std::vector<iso_standard>& iso_standards() {
  static const std::vector<iso_standard> standards{
    {"3166-1", "alpha_2"},
    {"3166-2", "code"},
    {"4217", "alpha_3"},
    {"639-3", "alpha_3"},
  };
  return standards;
}

std::filesystem::path iso_folder() {
  return "/usr/share/iso-codes/json";
}

result<std::vector<iso_record>> parse_iso_file(const iso_standard& standard,
                                               const std::string& text,
                                               const std::string& origin) {
  const std::string name{standard.name};
  const std::string member{standard.code_member};
  try {
    const auto document = sorted_json::parse(text);
    std::vector<iso_record> records;
    for (const auto& entry : document.at(name)) {
      const auto code = entry.at(member).get<std::string>();
      records.push_back({name + '/' + code, entry.dump()});
    }
    return records;
  } catch (const sorted_json::exception& problem) {
    return make_error(error_code::invalid,
                      origin + ": not the iso-codes file of " + name + ": "
                        + problem.what());
  }
}

result<std::vector<iso_record>>
load_iso_records(const std::filesystem::path& folder) {
  std::vector<iso_record> all;
  for (const auto& standard : iso_standards()) {
    const auto path = folder / ("iso_" + std::string{standard.name} + ".json");
    const auto text = read_file(path);
    if (!text)
      return make_error(error_code::not_found,
                        text.problem().message + " (Debian package iso-codes)");
    auto records = parse_iso_file(standard, *text, path.string());
    if (!records)
      return records.problem();
    std::move(records->begin(), records->end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end());
  const auto twice = std::adjacent_find(
    all.begin(), all.end(), [](auto& left, auto& right) { return left.key == right.key; });
  if (twice != all.end())
    return make_error(error_code::invalid, folder.string() + ": " + twice->key
                                             + " is there twice");
  return all;
}

std::string checksum_of(const std::vector<iso_record>& records) {
  sha256 digest;
  for (const auto& record : records) {
    digest.add_part(record.key);
    digest.add_part(record.value);
  }
  return digest.hexadecimal();
}

} // namespace present::tools
