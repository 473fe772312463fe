#pragma once

namespace present {

/// One visitor for a closed variant out of a lambda per alternative:
///
///     std::visit(overloaded{[](const put& p) { … }, [](const get& g) { … }}, what);
template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

} // namespace present
