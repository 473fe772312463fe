#pragma once

#include "runtime/base/check.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/spawn_settings.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace present::supervision {

/// The actor that a start function has made. Only a `starter` can.
class started_child {
public:
  const caf::strong_actor_ptr& actor() const { return actor_; }

private:
  friend class starter;
  explicit started_child(caf::strong_actor_ptr actor)
      : actor_(std::move(actor)) {}

  caf::strong_actor_ptr actor_;
};

namespace detail {

template <class T>
struct is_measured {
  template <class Base>
  static std::true_type test(const measured<Base>*);
  static std::false_type test(...);
  static constexpr bool value
    = decltype(test(static_cast<const T*>(nullptr)))::value;
};

} // namespace detail

/// The one place that makes actors. A supervisor lends it to a child's start
/// function, which makes exactly one actor with it. What is made runs only after
/// the supervisor has begun to watch it.
class starter {
public:
  /// `watch` is called between construction and the first run.
  using watcher = std::function<void(const caf::strong_actor_ptr&)>;

  starter(caf::actor_system& system, const spawn_settings& settings,
          birth_certificate certificate, caf::execution_unit* unit,
          watcher watch)
      : system_(system),
        settings_(settings),
        certificate_(std::move(certificate)),
        unit_(unit),
        watch_(std::move(watch)) {}

  const spawn_settings& settings() const { return settings_; }
  /// Who the child will be.
  const actor_identity& identity() const {
    return certificate_.record->identity();
  }

  /// An actor class, or `stateful<State, Handle>` that sets its behaviour in
  /// `make_behavior`.
  template <class T, class... Ts>
  started_child start(Ts&&... xs) {
    caf::actor_config config{unit_};
    return launch<T>(config, false, std::forward<Ts>(xs)...);
  }

  /// The same with a thread of its own, for what blocks; simulation has none.
  template <class T, class... Ts>
  started_child start_detached(Ts&&... xs) {
    caf::actor_config config{unit_};
    return launch<T>(config, true, std::forward<Ts>(xs)...);
  }

  /// CAF's function style: `behavior_type f(stateful<S, Handle>* self, args...)`.
  /// The function runs as the actor's initialisation.
  template <class F, class... Ts>
  started_child start_function(F fun, Ts&&... xs) {
    return launch_function(false, std::move(fun), std::forward<Ts>(xs)...);
  }

  template <class F, class... Ts>
  started_child start_function_detached(F fun, Ts&&... xs) {
    return launch_function(true, std::move(fun), std::forward<Ts>(xs)...);
  }

private:
  template <class F, class... Ts>
  started_child launch_function(bool detached, F fun, Ts&&... xs) {
    using impl = caf::infer_impl_from_fun_t<F>;
    caf::actor_config config{unit_};
    caf::detail::init_fun_factory<impl, F> factory;
    config.init_fun = factory(std::move(fun), std::forward<Ts>(xs)...);
    return launch<impl>(config, detached);
  }

  template <class T, class... Ts>
  started_child launch(caf::actor_config& config, bool detached, Ts&&... xs) {
    static_assert(detail::is_measured<T>::value,
                  "every actor derives from measured<...>");
    check(!std::exchange(used_, true), "a start function makes one actor");
    if (detached && settings_.allow_detached)
      config.add_flag(caf::abstract_actor::is_detached_flag);
    if (config.host == nullptr)
      config.host = system_.dummy_execution_unit();
    const detail::certificate_scope scope(certificate_);
    auto handle
      = caf::make_actor<T>(system_.next_actor_id(), system_.node(), &system_,
                           config, caf::detail::spawn_fwd<Ts>(xs)...);
    auto actor = caf::actor_cast<caf::strong_actor_ptr>(handle);
    if (settings_.on_made)
      settings_.on_made(identity(), actor);
    watch_(actor);
    static_cast<T*>(caf::actor_cast<caf::abstract_actor*>(handle))
      ->launch(config.host, /*lazy*/ false, /*hide*/ false);
    return started_child{std::move(actor)};
  }

  caf::actor_system& system_;
  const spawn_settings& settings_;
  birth_certificate certificate_;
  caf::execution_unit* unit_;
  watcher watch_;
  bool used_ = false;
};

} // namespace present::supervision
