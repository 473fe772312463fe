#include "storage/journal.hpp"
#include "storage/key_codec.hpp"
#include "storage/key_file.hpp"
#include "storage/key_ring.hpp"
#include "storage/keys.hpp"
#include "storage/lmdb_state_backend.hpp"
#include "tests/storage/edited_env.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

using namespace present;
using namespace present::storage;
namespace fs = std::filesystem;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string hex(const secret_key& key) {
  return hex({reinterpret_cast<const char*>(key.bytes().data()),
              secret_key::size});
}

std::unique_ptr<key_file> keys_in(const fs::path& path) {
  if (!fs::exists(path))
    REQUIRE(key_file::create(path));
  auto opened = key_file::open(path);
  REQUIRE(opened);
  return std::move(*opened);
}

void write_private(const fs::path& path, const std::string& text) {
  std::ofstream{path} << text;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

std::string content(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

const std::string secret = "nobody reads this on the disk";
const state_identity ours{"alpha", {1}, {7}};

record_key key(int number) {
  return record_key::value({1}, "key" + std::to_string(number));
}

checkpoint puts(int count, std::uint64_t index) {
  checkpoint what{{}, {{index}, {1}, {}}};
  for (int i = 0; i < count; ++i)
    what.changes[key(i)] = value_record{
      {index}, false, std::make_shared<const std::string>(secret)};
  return what;
}

std::unique_ptr<lmdb_state_backend> open_state(const fs::path& folder,
                                               const key_provider* keys) {
  auto opened = lmdb_state_backend::open(folder, ours, {}, keys);
  REQUIRE(opened);
  return std::move(*opened);
}

/// All rows of an environment as they lie on the disk.
std::map<std::string, std::string> raw_rows(const fs::path& folder) {
  const auto env = open_to_edit(folder);
  auto txn = env->read();
  auto cursor = txn->cursor();
  std::map<std::string, std::string> rows;
  for (auto row = cursor->seek({}); row && *row; row = cursor->step())
    rows.emplace((*row)->key, (*row)->value);
  return rows;
}

void put_raw(const fs::path& folder, const std::string& where,
             const std::string& what) {
  edit(folder, [&](lmdb_write& txn) { return txn.put(where, what); });
}

} // namespace

TEST_CASE("keys are derived as RFC 5869 says") {
  secret_key key;
  unsigned char salt[32];
  for (unsigned char i = 0; i < 32; ++i) {
    key.bytes()[i] = i;
    salt[i] = static_cast<unsigned char>(32 + i);
  }
  CHECK(hex(*key.derive(salt, "purpose")) == "3ee4d6fbb1d20099bd59cf38ba5b8a1adc4af8c1e494d049528b2d9399b298cd");
  CHECK(hex(*key.derive(salt, "purposf")) != "3ee4d6fbb1d20099bd59cf38ba5b8a1adc4af8c1e494d049528b2d9399b298cd");
}

TEST_CASE("AES-256-GCM gives the result of its specification (case 14)") {
  auto cipher = gcm_key::make(secret_key{});
  REQUIRE(cipher);
  std::string sealed(32, '\0');
  REQUIRE((*cipher)->encrypt(0, "", std::string(9, '\0'),
                             std::string(7, '\0'), sealed.data()));
  CHECK(hex(sealed)
        == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  std::string plain(16, 'x');
  CHECK((*cipher)->decrypt(0, "", sealed, plain.data()));
  CHECK(plain == std::string(16, '\0'));
  CHECK_FALSE((*cipher)->decrypt(1, "", sealed, plain.data()));
  CHECK_FALSE((*cipher)->decrypt(0, "x", sealed, plain.data()));
  sealed[3] ^= 1;
  CHECK_FALSE((*cipher)->decrypt(0, "", sealed, plain.data()));
}

TEST_CASE("a key file that others may read is refused, and says what to do") {
  scratch_folder folder;
  const auto path = folder.path() / "keys";
  REQUIRE(key_file::create(path));
  fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
  const auto opened = key_file::open(path);
  REQUIRE_FALSE(opened);
  CHECK(opened.problem().message.find(path.string()) != std::string::npos);
  CHECK(opened.problem().message.find("chmod 600") != std::string::npos);
}

TEST_CASE("an error in a key file names the line and shows no key") {
  scratch_folder folder;
  const auto path = folder.path() / "keys";
  const std::string digits(64, 'a');
  const auto problem = [&](const std::string& text) {
    write_private(path, text);
    const auto opened = key_file::open(path);
    REQUIRE_FALSE(opened);
    CHECK(opened.problem().message.find("aaaa") == std::string::npos);
    return opened.problem().message;
  };
  const auto good = "present-key 1 " + digits + "\n";
  CHECK(problem("").find("holds no key") != std::string::npos);
  CHECK(problem("hello\n").find("line 1") != std::string::npos);
  CHECK(problem(good + "present-key x " + digits).find("line 2: no number")
        != std::string::npos);
  CHECK(problem(good + good).find("numbers must rise") != std::string::npos);
  CHECK(problem("# ours\n\npresent-key 1 " + digits + "a\n").find("line 3")
        != std::string::npos);
  CHECK(problem("present-key 1 " + digits.substr(1) + "g\n").find("hex")
        != std::string::npos);
  write_private(path, good);
  CHECK(key_file::open(path));
  CHECK_FALSE(key_file::create(path));
  CHECK(content(path) == good);
}

TEST_CASE("what is encrypted is read back, and isn't on the disk") {
  scratch_folder folder;
  const auto keys = keys_in(folder.path() / "keys");
  {
    const auto disk = open_state(folder.path() / "1", keys.get());
    REQUIRE(disk->write(puts(10, 1)));
    auto log = journal::open(folder.path() / "journal", {"alpha", {1}, {7}}, {},
                             keys.get());
    REQUIRE(log);
    const journal_write write{
      {1},
      {{1}, {1}},
      {{{1},
        {1},
        raft::entry_kind::command,
        std::make_shared<const std::string>(secret)}}};
    REQUIRE((*log)->append({&write, 1}).front());
  }
  for (const auto* where : {"1", "journal"})
    CHECK(content(folder.path() / where / "data.mdb").find(secret)
          == std::string::npos);
  const auto disk = open_state(folder.path() / "1", keys.get());
  CHECK(std::get<value_record>(**disk->get(key(3))).view() == secret);
  CHECK(verify(*disk));
  auto log = journal::open(folder.path() / "journal", {"alpha", {1}, {7}}, {},
                           keys.get());
  REQUIRE(log);
  CHECK(*(*log)->recover({1})->entries.at(0).payload == secret);
}

TEST_CASE("an environment is encrypted from its first opening on, or never") {
  scratch_folder folder;
  const auto keys = keys_in(folder.path() / "keys");
  const auto refusal = [&](const key_provider* with) {
    const auto opened
      = lmdb_state_backend::open(folder.path() / "1", ours, {}, with);
    REQUIRE_FALSE(opened);
    return opened.problem();
  };
  SUBCASE("encrypted, and opened without or with another file's keys") {
    REQUIRE(open_state(folder.path() / "1", keys.get())->write(puts(1, 1)));
    CHECK(refusal(nullptr).code == error_code::invalid);
    CHECK(refusal(nullptr).message.find("is encrypted") != std::string::npos);
    const auto others = keys_in(folder.path() / "other keys");
    CHECK(refusal(others.get()).code == error_code::invalid);
  }
  SUBCASE("not encrypted, and opened with keys") {
    REQUIRE(open_state(folder.path() / "1", nullptr)->write(puts(1, 1)));
    CHECK(refusal(keys.get()).message.find("without encryption")
          != std::string::npos);
  }
}

TEST_CASE("after a rotation the new key opens what the old one did") {
  scratch_folder folder;
  const auto path = folder.path() / "keys";
  auto keys = keys_in(path);
  REQUIRE(open_state(folder.path() / "1", keys.get())->write(puts(3, 1)));
  REQUIRE(key_file::rotate(path));
  keys = keys_in(path);
  CHECK(keys->current() == 2);
  CHECK(open_state(folder.path() / "1", keys.get())->get(key(1)));
  const auto text = content(path);
  write_private(path, text.substr(text.find('\n') + 1));
  keys = keys_in(path);
  const auto disk = open_state(folder.path() / "1", keys.get());
  CHECK(std::get<value_record>(**disk->get(key(1))).view() == secret);
}

TEST_CASE("no nonce repeats under a key, also when old files return (P26)") {
  scratch_folder folder;
  const auto keys = keys_in(folder.path() / "keys");
  const auto where = folder.path() / "1";
  const auto saved = folder.path() / "saved.mdb";
  std::set<std::pair<std::string, std::string>> used; // salt and nonce
  std::size_t ciphertexts = 0;
  std::set<std::string> seen;
  for (std::uint64_t opening = 1; opening <= 4; ++opening) {
    REQUIRE(open_state(where, keys.get())->write(puts(20, opening)));
    const auto rows = raw_rows(where);
    for (const auto& [name, sealed] : rows) {
      if (sealed[0] != 2 || !seen.insert(name + sealed).second)
        continue;
      std::uint32_t number = 0;
      std::memcpy(&number, sealed.data() + 1, sizeof number);
      const auto salt
        = decode_salt(*seal{}.open(environment_keys::opening(number),
                                   rows.at(environment_keys::opening(number))));
      used.emplace(*salt, sealed.substr(5, 8));
      ++ciphertexts;
    }
    if (opening == 1)
      fs::copy_file(where / "data.mdb", saved);
    if (opening == 2)
      fs::copy_file(saved, where / "data.mdb",
                    fs::copy_options::overwrite_existing);
  }
  CHECK(ciphertexts == 4 * 22); // rows, digests and mark
  CHECK(used.size() == ciphertexts);
}

TEST_CASE("a changed byte, a moved value and a plain one are all damaged") {
  scratch_folder folder;
  const auto keys = keys_in(folder.path() / "keys");
  const auto where = folder.path() / "1";
  REQUIRE(open_state(where, keys.get())->write(puts(2, 1)));
  const auto rows = raw_rows(where);
  const auto& own = rows.at(key(0).bytes());
  const auto is_damaged = [&](const std::string& stored) {
    put_raw(where, key(0).bytes(), stored);
    const auto found = open_state(where, keys.get())->get(key(0));
    return !found && found.problem().code == error_code::damaged;
  };
  // All of the header and the tag, and some of what lies between.
  for (std::size_t place = 0; place < own.size();
       place += place < 13 || place + 17 > own.size() ? 1 : 9) {
    auto changed = own;
    changed[place] ^= 0x10;
    CHECK(is_damaged(changed));
  }
  CHECK(is_damaged(rows.at(key(1).bytes())));
  CHECK(is_damaged(""));
  CHECK(is_damaged(own.substr(0, 20)));
  std::string plain(20, 'p');
  std::string forged(plain.size() + seal{}.overhead(), '\0');
  REQUIRE(seal{}.close("7:" + key(0).bytes(), plain, {},
                       forged.data()));
  CHECK(is_damaged(forged));
}
