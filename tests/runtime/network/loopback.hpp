#pragma once

#include "runtime/network/certificate_authority.hpp"
#include "runtime/network/network_thread.hpp"
#include "runtime/network/rpc_listener.hpp"
#include "runtime/network/tls_configuration.hpp"
#include "tests/runtime/network/echo.capnp.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// What the tests of runtime/network share: certificates, a server, patience.
namespace present::network::test {

inline constexpr auto patience = std::chrono::seconds(20);

/// 2020 to 2100, and the year 2020: the tests need no clock of their own.
inline constexpr validity for_long{1'577'836'800, 4'102'444'800};
inline constexpr validity long_ago{1'577'836'800, 1'609'459'200};

inline const std::string domain = "0a1b2c3d4e5f";

/// Values handed from the network thread to the test's.
template <class T>
class mailbox {
public:
  void put(T value) {
    const std::lock_guard guard(lock_);
    values_.push_back(std::move(value));
    arrived_.notify_all();
  }

  /// Empty if nothing comes within the patience.
  std::optional<T> take() {
    std::unique_lock guard(lock_);
    if (!arrived_.wait_for(guard, patience, [&] { return !values_.empty(); }))
      return {};
    std::optional<T> first(std::move(values_.front()));
    values_.pop_front();
    return first;
  }

  bool empty() {
    const std::lock_guard guard(lock_);
    return values_.empty();
  }

private:
  std::mutex lock_;
  std::condition_variable arrived_;
  std::deque<T> values_;
};

/// The thread's log, kept.
class log_lines {
public:
  log_sink sink() {
    return [this](log_severity, const std::string& line) {
      const std::lock_guard guard(lock_);
      lines_.push_back(line);
      arrived_.notify_all();
    };
  }

  /// Waits for a line that holds `part`.
  bool wait_for(const std::string& part) {
    std::unique_lock guard(lock_);
    return arrived_.wait_for(guard, patience, [&] { return count(part) > 0; });
  }

private:
  std::size_t count(const std::string& part) const {
    std::size_t found = 0;
    for (const auto& line : lines_)
      found += line.find(part) != line.npos;
    return found;
  }

  std::mutex lock_;
  std::condition_variable arrived_;
  std::vector<std::string> lines_;
};

template <class T>
T need(result<T> got) {
  if (!got)
    throw std::runtime_error(got.problem().message);
  return std::move(*got);
}

inline certificate_authority authority_of(const std::string& trust_domain) {
  return need(certificate_authority::create(trust_domain, for_long));
}

inline tls_material material(const certificate_authority& trusted,
                             const pem_pair& own) {
  return {trusted.pem().certificate, own};
}

inline tls_material node_material(const certificate_authority& authority,
                                  std::uint32_t node,
                                  validity when = for_long) {
  const auto who = node_identity(authority.trust_domain(), node_id{node});
  return material(authority, need(authority.issue(who, when)));
}

inline tls_material client_material(const certificate_authority& authority,
                                    const std::string& name,
                                    validity when = for_long) {
  const auto who = client_identity(authority.trust_domain(), name);
  return material(authority, need(authority.issue(who, when)));
}

inline std::shared_ptr<tls_configuration> load_tls(network_loop& loop,
                                                   const tls_material& with) {
  return need(tls_configuration::load(with, loop.timer(), 5000));
}

/// Runs `start(loop)`, which gives a promise, and waits for what it becomes.
template <class T, class F>
T settle(network_thread& thread, F start) {
  auto done = std::make_shared<std::promise<T>>();
  auto answer = done->get_future();
  thread.post([done, &start](network_loop& loop) {
    loop.detach(kj::evalNow([&] { return start(loop); })
                  .then([done](T value) { done->set_value(std::move(value)); },
                        [done](kj::Exception&& problem) {
                          done->set_exception(std::make_exception_ptr(
                            std::runtime_error(text_of(problem))));
                        }));
  });
  if (answer.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("no answer within the patience");
  return answer.get();
}

class echo_server : public ::present::test::Echo::Server {
public:
  explicit echo_server(std::string id) : id_(std::move(id)) {}

  kj::Promise<void> say(SayContext context) override {
    context.getResults().setText(context.getParams().getText());
    return kj::READY_NOW;
  }

  kj::Promise<void> whoAmI(WhoAmIContext context) override {
    context.getResults().setId(id_.c_str());
    return kj::READY_NOW;
  }

  kj::Promise<void> never(NeverContext) override { return kj::NEVER_DONE; }

  kj::Promise<void> read(ReadContext context) override {
    std::uint32_t depth = 0;
    for (std::uint32_t i = 0; i < context.getParams().getTimes(); ++i) {
      depth = 0;
      for (auto at = context.getParams().getNested(); at.hasInner();
           at = at.getInner()) {
        total_ += at.getBytes().size();
        ++depth;
      }
    }
    context.getResults().setDepth(depth);
    return kj::READY_NOW;
  }

private:
  std::string id_;
  std::size_t total_ = 0;
};

inline bootstrap_factory echo_for_each() {
  return [](const connection_facts& facts, auto) -> capnp::Capability::Client {
    return kj::heap<echo_server>(to_string(facts.who));
  };
}

} // namespace present::network::test
