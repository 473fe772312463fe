#include "storage/key_file.hpp"

#include "storage/gcm_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace present::storage {

namespace {

constexpr std::string_view line_start = "present-key ";
constexpr std::size_t max_file_bytes = 64 * 1024;

/// A descriptor that closes itself.
class descriptor {
public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return number_; }

private:
  int number_;
};

/// Text with key material in it, wiped when it goes.
class secret_text {
public:
  ~secret_text() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  std::array<char, max_file_bytes>& bytes() { return bytes_; }

private:
  std::array<char, max_file_bytes> bytes_{};
};

error key_file_error(const std::filesystem::path& path,
                     const std::string& what) {
  return make_error(error_code::invalid, path.string() + ": " + what);
}

error system_error(const std::filesystem::path& path, const std::string& doing) {
  auto problem = key_file_error(path, doing + ": " + std::strerror(errno));
  if (errno == ENOSPC || errno == EDQUOT)
    problem.code = error_code::disk_full;
  return problem;
}

status check_mode(const std::filesystem::path& path, int file) {
  struct stat found {};
  if (fstat(file, &found) != 0)
    return system_error(path, "can't read the key file");
  if (!S_ISREG(found.st_mode))
    return key_file_error(path, "isn't a file");
  if (found.st_uid != geteuid())
    return key_file_error(path, "the key file belongs to another user");
  if ((found.st_mode & 077) != 0)
    return key_file_error(path, "others than its owner may use the key file: "
                                "chmod 600 it, and rotate the key");
  return success();
}

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  return -1;
}

/// Writes a line with a fresh key to the end of the file, durable on return.
status append_key(const std::filesystem::path& path, int file,
                  std::uint32_t number) {
  auto fresh = secret_key::random();
  if (!fresh)
    return fresh.problem();
  secret_text text;
  auto* out = text.bytes().data();
  const auto head = std::string{line_start} + std::to_string(number) + ' ';
  std::memcpy(out, head.data(), head.size());
  auto size = head.size();
  for (const auto byte : fresh->bytes()) {
    out[size++] = "0123456789abcdef"[byte >> 4];
    out[size++] = "0123456789abcdef"[byte & 15];
  }
  out[size++] = '\n';
  if (::write(file, out, size) != static_cast<ssize_t>(size)
      || fsync(file) != 0)
    return system_error(path, "can't write the key file");
  return success();
}

status sync_folder_of(const std::filesystem::path& path) {
  const auto parent = path.has_parent_path() ? path.parent_path() : ".";
  const descriptor folder{::open(parent.c_str(), O_RDONLY | O_DIRECTORY)};
  if (folder.get() < 0 || fsync(folder.get()) != 0)
    return system_error(path, "can't make the key file durable");
  return success();
}

} // namespace

result<std::unique_ptr<key_file>>
key_file::open(const std::filesystem::path& path) {
  std::unique_ptr<key_file> opened{new key_file{path}};
  if (status ok = opened->read(); !ok)
    return ok.problem();
  return opened;
}

status key_file::create(const std::filesystem::path& path) {
  const descriptor file{
    ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.get() < 0)
    return system_error(path, "can't create the key file");
  if (status ok = append_key(path, file.get(), 1); !ok)
    return ok;
  return sync_folder_of(path);
}

status key_file::rotate(const std::filesystem::path& path) {
  auto present = open(path);
  if (!present)
    return present.problem();
  const descriptor file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  if (file.get() < 0)
    return system_error(path, "can't write the key file");
  return append_key(path, file.get(), (*present)->current() + 1);
}

status key_file::read() {
  const descriptor file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0)
    return system_error(path_, "can't open the key file");
  if (status ok = check_mode(path_, file.get()); !ok)
    return ok;
  secret_text text;
  const auto size = ::read(file.get(), text.bytes().data(), max_file_bytes);
  if (size < 0)
    return system_error(path_, "can't read the key file");
  std::string_view rest{text.bytes().data(), static_cast<std::size_t>(size)};
  for (unsigned number = 1; !rest.empty(); ++number) {
    const auto end = rest.find('\n');
    if (status ok = read_line(rest.substr(0, end), number); !ok)
      return ok;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (keys_.empty())
    return key_file_error(path_, "holds no key");
  return success();
}

status key_file::read_line(std::string_view line, unsigned number) {
  if (line.empty() || line.starts_with('#'))
    return success();
  const auto wrong = [&](const std::string& what) -> status {
    return key_file_error(path_, "line " + std::to_string(number) + ": "
                                   + what);
  };
  if (!line.starts_with(line_start))
    return wrong("doesn't start with 'present-key'");
  line.remove_prefix(line_start.size());
  std::uint32_t id = 0;
  const auto [end, failed]
    = std::from_chars(line.data(), line.data() + line.size(), id);
  if (failed != std::errc{} || id == 0)
    return wrong("no number of a key");
  if (!keys_.empty() && id <= current())
    return wrong("numbers must rise");
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (line.size() != 1 + 2 * secret_key::size || line.front() != ' ')
    return wrong("a key is 64 hex digits");
  line.remove_prefix(1);
  secret_key key;
  for (std::size_t place = 0; place < secret_key::size; ++place) {
    const int high = digit_value(line[2 * place]);
    const int low = digit_value(line[2 * place + 1]);
    if (high < 0 || low < 0)
      return wrong("a key is 64 hex digits, 0-9 and a-f");
    key.bytes()[place] = static_cast<unsigned char>(high << 4 | low);
  }
  keys_.emplace(id, std::move(key));
  return success();
}

// A wrap has a salt of its own, and so a key of its own: nonce 0 is used once.

result<wrapped_key> key_file::wrap(const secret_key& key,
                                   std::string_view purpose) const {
  const auto& [number, wrapping] = *keys_.rbegin();
  std::array<unsigned char, secret_key::size> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    return make_error(error_code::invalid, "the system has no randomness");
  auto once = wrapping.derive(salt, "present wrap");
  if (!once)
    return once.problem();
  auto cipher = gcm_key::make(*once);
  if (!cipher)
    return cipher.problem();
  wrapped_key wrapped{number, std::string(salt.begin(), salt.end())};
  wrapped.bytes.resize(salt.size() + secret_key::size + gcm_key::tag_bytes);
  const std::string_view plain{
    reinterpret_cast<const char*>(key.bytes().data()), secret_key::size};
  if (status ok = (*cipher)->encrypt(0, purpose, plain, {},
                                     wrapped.bytes.data() + salt.size());
      !ok)
    return ok.problem();
  return wrapped;
}

result<secret_key> key_file::unwrap(const wrapped_key& wrapped,
                                    std::string_view purpose) const {
  const auto found = keys_.find(wrapped.wrapped_by);
  if (found == keys_.end())
    return key_file_error(path_, "key " + std::to_string(wrapped.wrapped_by)
                                   + " isn't in the key file");
  const auto broken
    = make_error(error_code::damaged,
                 path_.string() + ": key " + std::to_string(wrapped.wrapped_by)
                   + " doesn't open the data key: another file's key, or the "
                     "data is damaged");
  constexpr auto salt_bytes = secret_key::size;
  if (wrapped.bytes.size()
      != salt_bytes + secret_key::size + gcm_key::tag_bytes)
    return broken;
  const auto* start
    = reinterpret_cast<const unsigned char*>(wrapped.bytes.data());
  auto once = found->second.derive({start, salt_bytes}, "present wrap");
  if (!once)
    return once.problem();
  auto cipher = gcm_key::make(*once);
  if (!cipher)
    return cipher.problem();
  secret_key key;
  const auto sealed = std::string_view{wrapped.bytes}.substr(salt_bytes);
  if (!(*cipher)->decrypt(0, purpose, sealed,
                          reinterpret_cast<char*>(key.bytes().data())))
    return broken;
  return key;
}

} // namespace present::storage
