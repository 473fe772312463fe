#include "runtime/supervision/measured_actor.hpp"

#include <caf/system_messages.hpp>

#include <utility>

namespace present::supervision {

namespace {

constexpr auto our_errors = caf::atom("present");
constexpr std::uint8_t mailbox_full = 1;

} // namespace

bool is_mailbox_full(const caf::error& why) {
  return why.category() == our_errors && why.code() == mailbox_full;
}

} // namespace present::supervision

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
  return {std::move(record), std::move(meter), &edge::machine_clock(), nullptr,
          nullptr};
}

bool may_refuse(const caf::mailbox_element& x) {
  if (x.mid.is_response() || !x.mid.is_normal_message())
    return false;
  const auto& content = x.content();
  return !content.match_elements<caf::exit_msg>()
         && !content.match_elements<caf::down_msg>()
         && !content.match_elements<caf::timeout_msg>();
}

void refuse(caf::mailbox_element& x) {
  if (x.sender && x.mid.is_request())
    x.sender->enqueue(nullptr, x.mid.response_id(),
                      caf::make_message(caf::error{mailbox_full, our_errors}),
                      nullptr);
}

const describe_request* as_describe_request(caf::mailbox_element& x) {
  auto& content = x.content();
  return content.match_elements<describe_request>()
           ? &content.get_as<describe_request>(0)
           : nullptr;
}

bool is_kill(const caf::mailbox_element& x) {
  const auto& content = x.content();
  return content.match_elements<caf::exit_msg>()
         && content.get_as<caf::exit_msg>(0).reason == caf::exit_reason::kill;
}

} // namespace present::supervision::detail
