#include "runtime/network/certificate_watch.hpp"

#include <sys/stat.h>

namespace present::network {

certificate_watch::certificate_watch(network_loop& loop, tls_files files,
                                     std::shared_ptr<tls_configuration> tls,
                                     kj::Duration pause)
    : loop_(loop), files_(std::move(files)), tls_(std::move(tls)), pause_(pause),
      taken_(look()), seen_(taken_),
      watching_(watch().eagerlyEvaluate([&loop](kj::Exception&& problem) {
        loop.log(log_severity::error,
                 "certificates are not watched any more: " + text_of(problem));
      })) {
}

/// What can't be looked at has no mark, and gets one when it can.
certificate_watch::marks certificate_watch::look() const {
  marks found;
  const std::array<const std::filesystem::path*, 3> paths{&files_.authority,
                                                          &files_.certificate, &files_.key};
  for (std::size_t place = 0; place < paths.size(); ++place) {
    struct stat facts {};
    if (::stat(paths[place]->c_str(), &facts) == 0)
      found[place] = {facts.st_ino, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec};
  }
  return found;
}

kj::Promise<void> certificate_watch::watch() {
  return loop_.timer().afterDelay(pause_).then([this] {
    on_look();
    return watch();
  });
}

void certificate_watch::on_look() {
  const auto now = look();
  const bool at_rest = now == seen_;
  seen_ = now;
  if (!at_rest || now == taken_)
    return;
  taken_ = now;
  take();
}

void certificate_watch::take() {
  const auto material
    = read_tls_material(files_.authority, files_.certificate, files_.key);
  const auto renewed = material ? tls_->renew(*material) : status{material.problem()};
  if (renewed)
    loop_.log(log_severity::info,
              "the certificate in " + files_.certificate.string() + " is in use");
  else
    loop_.log(log_severity::warning, "certificates have changed, the old ones stay in use: "
                                       + renewed.problem().message);
}

} // namespace present::network
