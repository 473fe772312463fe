#pragma once

#include "runtime/network/network_loop.hpp"
#include "runtime/network/tls_configuration.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace present::network {

struct tls_files {
  std::filesystem::path authority;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Looks every two seconds whether one of the files is another one, and renews what
/// is made of them, so that nobody has to be started again for a certificate.
/// Certificate and key are two files: they are taken when neither has changed since
/// the look before. What doesn't fit together then is said once, left alone, and
/// tried again when one of them changes again.
class certificate_watch final : public resident {
public:
  /// `tls` was made of these files just now.
  certificate_watch(network_loop& loop, tls_files files,
                    std::shared_ptr<tls_configuration> tls,
                    kj::Duration pause = 2 * kj::SECONDS);

private:
  struct mark {
    std::uint64_t inode = 0;
    std::int64_t seconds = 0; ///< of the last change, to mode or name too
    std::int64_t nanoseconds = 0;
    friend bool operator==(const mark&, const mark&) = default;
  };
  using marks = std::array<mark, 3>;

  marks look() const;
  kj::Promise<void> watch();
  void on_look();
  void take();

  network_loop& loop_;
  const tls_files files_;
  const std::shared_ptr<tls_configuration> tls_;
  const kj::Duration pause_;
  marks taken_; ///< of what was tried last
  marks seen_;  ///< at the last look
  kj::Promise<void> watching_;
};

} // namespace present::network
