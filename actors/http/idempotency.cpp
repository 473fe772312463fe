#include "actors/http/idempotency.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace present::http {

namespace {

/// The first 64 bits of a SHA-256, never 0. Parts are told apart by their lengths.
std::uint64_t hash_of(std::initializer_list<std::string_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                       EVP_MD_CTX_free};
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const auto part : parts) {
    const auto length = std::to_string(part.size()) + ':';
    EVP_DigestUpdate(context.get(), length.data(), length.size());
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  std::uint64_t value = 0;
  for (std::size_t place = 0; place < sizeof value; ++place)
    value = value << 8 | digest[place];
  return value == 0 ? 1 : value;
}

std::string joined(const std::vector<std::string>& segments) {
  std::string path;
  for (const auto& segment : segments)
    path += '/' + std::to_string(segment.size()) + ':' + segment;
  return path;
}

/// What the write's author knew and held, as the query has it; empty where it says nothing.
std::string knowledge_in(const network::http_target& target) {
  std::string knows;
  for (const auto* name : {"base", "at", "origin", "after", "schema", "fence", "write", "decision"})
    if (const auto value = target.value_of(name))
      knows += std::string{name} + '=' + std::to_string(value->size()) + ':'
               + std::string{*value} + ' ';
  return knows;
}

} // namespace

result<std::optional<client::write_name>> write_name_of(const network::http_request& asked) {
  const auto key = asked.header("idempotency-key");
  if (!key)
    return std::optional<client::write_name>{};
  if (key->size() > max_idempotency_key)
    return make_error(error_code::too_large,
                      "Idempotency-Key: " + std::to_string(key->size())
                        + " bytes; the limit is " + std::to_string(max_idempotency_key));
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (key->empty() || !std::all_of(key->begin(), key->end(), printable))
    return make_error(error_code::invalid,
                      "Idempotency-Key: 1 to 255 visible ASCII characters");
  const auto who = asked.who ? to_string(*asked.who) : "loopback";
  const auto none = std::string_view{};
  client::write_name name;
  name.client = {hash_of({who, asked.method, joined(asked.target.segments), *key})};
  const auto match = asked.header("if-match").value_or(none);
  const auto none_match = asked.header("if-none-match").value_or(none);
  // Of requests that say nothing of it, as programs before have it.
  const auto knows = knowledge_in(asked.target);
  name.fingerprint = knows.empty() ? hash_of({match, none_match, asked.body})
                                   : hash_of({match, none_match, asked.body, knows});
  return std::optional{name};
}

claim_id claim_of(const network::http_request& asked, std::string_view text) {
  return {hash_of({"claim", asked.who ? to_string(*asked.who) : "loopback", text})};
}

} // namespace present::http
