#include "actors/conflict/schema_codec.hpp"

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/schema-loader.h>
#include <capnp/serialize.h>
#include <kj/array.h>
#include <kj/exception.h>

#include <cstring>

namespace present::conflict {

namespace {

kj::Array<capnp::word> words_of(std::string_view bytes) {
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  if (words.size() > 0)
    std::memcpy(words.begin(), bytes.data(), words.size() * sizeof(capnp::word));
  return words;
}

/// kj's sentence, without the place in kj.
std::string sentence(const kj::Exception& why) {
  return why.getDescription().cStr();
}

/// Under one number, as two versions of one type have it, whatever they are called.
void load(capnp::SchemaLoader& into, std::string_view schema, std::uint64_t id) {
  const auto words = words_of(schema);
  capnp::FlatArrayMessageReader message{words};
  capnp::MallocMessageBuilder copy;
  copy.setRoot(message.getRoot<capnp::schema::Node>());
  auto node = copy.getRoot<capnp::schema::Node>();
  node.setId(id);
  into.load(node.asReader());
}

template <class Act>
status carefully(error_code code, const char* what, Act act) {
  std::string problem;
  const auto caught = kj::runCatchingExceptions([&] { problem = act(); });
  KJ_IF_MAYBE(why, caught) {
    problem = sentence(*why);
  }
  if (problem.empty())
    return success();
  return make_error(code, what + problem);
}

} // namespace

std::string encode_schema(capnp::schema::Node::Reader node) {
  capnp::MallocMessageBuilder message;
  message.setRoot(node);
  const auto flat = capnp::messageToFlatArray(message);
  const auto bytes = flat.asChars();
  return {bytes.begin(), bytes.size()};
}

status check_schema(std::string_view schema) {
  return carefully(error_code::invalid, "not a struct's schema: ", [&]() -> std::string {
    const auto words = words_of(schema);
    capnp::FlatArrayMessageReader message{words};
    const auto node = message.getRoot<capnp::schema::Node>();
    if (!node.isStruct())
      return "it is of something else";
    capnp::SchemaLoader loader;
    loader.load(node);
    return {};
  });
}

status check_compatible(std::string_view readers, std::string_view writers) {
  return carefully(error_code::schema_incompatible, "", [&]() -> std::string {
    const auto words = words_of(readers);
    capnp::FlatArrayMessageReader message{words};
    const auto id = message.getRoot<capnp::schema::Node>().getId();
    capnp::SchemaLoader loader;
    load(loader, readers, id);
    load(loader, writers, id);
    return {};
  });
}

status check_message(std::string_view bytes) {
  return carefully(error_code::schema_incompatible, "not a message: ", [&]() -> std::string {
    if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0)
      return "not a whole number of words";
    const auto words = words_of(bytes);
    capnp::FlatArrayMessageReader message{words};
    if (message.getEnd() != words.end())
      return "more than one message";
    const auto root = message.getRoot<capnp::AnyPointer>();
    if (!root.isStruct())
      return "its root is no struct";
    root.targetSize(); // follows all pointers
    return {};
  });
}

} // namespace present::conflict
