#include "runtime/supervision/measured_actor.hpp"

#include <utility>

namespace present::supervision::detail {

namespace {

thread_local const birth_certificate* offered = nullptr;

} // namespace

const birth_certificate* take_certificate() {
  return std::exchange(offered, nullptr);
}

certificate_scope::certificate_scope(const birth_certificate& certificate) {
  offered = &certificate;
}

certificate_scope::~certificate_scope() {
  offered = nullptr;
}

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

caf::error crash(const std::string& text) {
  return caf::make_error(caf::sec::runtime_error, text);
}

birth_certificate foundling() {
  auto record = std::make_shared<child_record>(actor_identity{});
  auto meter = record->begin_incarnation(0);
  record->set_state(child_state::running, 0);
  return {std::move(record), std::move(meter), &edge::machine_clock(), nullptr};
}

const describe_request* as_describe_request(caf::mailbox_element& x) {
  auto& content = x.content();
  return content.match_elements<describe_request>()
           ? &content.get_as<describe_request>(0)
           : nullptr;
}

} // namespace present::supervision::detail
