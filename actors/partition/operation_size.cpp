#include "actors/partition/operation_size.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"

namespace present {

namespace {

constexpr std::size_t operation_envelope = 96;
constexpr std::size_t place_envelope = 96;

std::size_t size_of(const bytes_ptr& value) {
  return value ? value->size() : 0;
}

std::size_t size_of(const write_context& what) {
  if (what == write_context{})
    return 0;
  auto size = operation_envelope + what.schema.size();
  if (const auto* made = what.found.get())
    size += operation_envelope + size_of(made->merged) + made->merge_problem.size()
            + made->found.schema_problem.size() + made->found.policy_problem.size()
            + made->found.escalation.size();
  return size;
}

std::size_t operand_size(const step& what) {
  return std::visit(overloaded{
                      [](const put_step& s) { return size_of(s.value); },
                      [](const element_step& s) { return s.element.size(); },
                      [](const auto&) { return std::size_t{0}; },
                    },
                    what);
}

std::size_t size_of(const results_elsewhere& what) {
  auto size = 4 * what.places.size() + what.problem.message.size();
  if (what.steps_there)
    for (const auto& each : *what.steps_there) {
      size += place_envelope + size_of(each.value);
      for (const auto& row : each.rows)
        size += place_envelope + row.key.size() + size_of(row.value);
    }
  return size;
}

std::size_t size_of(const branch_findings& what) {
  return operation_envelope + 16 * what.writes.size() + what.found.schema_problem.size()
         + what.found.policy_problem.size() + what.found.escalation.size();
}

std::size_t encoded_bytes(const transact& what) {
  const auto size = size_of(what);
  return size.bytes + place_envelope * size.places
         + (what.found ? size_of(what.found->then) + size_of(what.found->otherwise) : 0);
}

} // namespace

transaction_size size_of(const transact& what) {
  transaction_size size;
  visit_places(
    what,
    [&](space_id, const std::string& key) {
      ++size.places;
      size.bytes += key.size();
    },
    [&](space_id, const std::string& first, const std::string& last) {
      ++size.places;
      size.bytes += first.size() + last.size();
    });
  for (const auto& range : what.ranges)
    for (const auto& row : range.rows) {
      ++size.places;
      size.bytes += row.key.size();
    }
  for (const auto& one : what.compare)
    if (const auto* value = std::get_if<std::string>(&one.to))
      size.bytes += value->size();
  for (const auto* branch : {&what.then, &what.otherwise})
    for (const auto& each : *branch)
      size.bytes += operand_size(each);
  return size;
}

std::size_t encoded_bytes(const operation& what) {
  return operation_envelope + (what.fence ? what.fence->key.size() + place_envelope : 0)
         + std::visit(overloaded{
                        [](const put& p) {
                          return p.key.size() + size_of(p.value) + size_of(p.knows);
                        },
                        [](const remove_key& r) { return r.key.size() + size_of(r.knows); },
                        [](const transact& t) { return encoded_bytes(t); },
                        [](const prepare& p) { return encoded_bytes(p.part) + bounds::max_key; },
                        [](const decide& d) {
                          return encoded_bytes(d.part) + size_of(d.elsewhere) + size_of(d.otherwise)
                                 + (d.others.size() + 1) * (bounds::max_key + place_envelope);
                        },
                        [](const aftermath& a) {
                          auto size = place_envelope * a.resolved.size();
                          for (const auto& one : a.known)
                            size += place_envelope + one.where.key.size();
                          return size;
                        },
                        [](const acquire_lock& a) {
                          return a.key.size() + a.owner.size() + size_of(a.value) + place_envelope;
                        },
                        [](const auto&) { return bounds::max_key; },
                      },
                      what.what);
}

} // namespace present
