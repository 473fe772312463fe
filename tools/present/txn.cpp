#include "actors/client/lock_names.hpp"
#include "actors/http/transaction_body.hpp"
#include "actors/http/transaction_reply.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/files.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <iostream>
#include <iterator>
#include <memory>

namespace present::tools {

namespace {

result<std::string> contents_of(const std::string& file) {
  if (file == "-")
    return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  return read_file(file);
}

/// A line for each step in a table; the document that HTTP gives otherwise.
void tell(const context& with, const json& said) {
  if (with.out.shape() != format::table) {
    with.out.one(said);
    return;
  }
  with.out.one({{"succeeded", said["succeeded"]}, {"version", said["version"]}});
  std::vector<json> rows;
  for (std::size_t place = 0; place < said["results"].size(); ++place) {
    json row{{"step", place}};
    for (const auto& [name, value] : said["results"][place].items())
      row[name] = value.is_array() ? json(value.dump()) : value;
    rows.push_back(std::move(row));
  }
  with.out.list({"step", "found", "value", "rows", "version"}, rows);
}

struct txn_arguments {
  std::string file;
  std::string fence;
};

int run(const context& with, const txn_arguments& given) {
  const auto& file = given.file;
  const auto body = contents_of(file);
  if (!body)
    return with.out.fail(body.problem());
  auto asked = http::parse_transaction_body(*body);
  if (!asked) {
    asked.problem().message = file + ": " + asked.problem().message;
    return with.out.fail(asked.problem());
  }
  if (!given.fence.empty()) {
    auto fence = client::parse_fence(given.fence);
    if (!fence)
      return with.out.fail(fence.problem());
    asked->fence = std::move(*fence);
  }
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  const auto how = (*client)->call(*asked, patience_of(with.set));
  if (how.problem.code != error_code::ok)
    return with.out.fail(how.problem);
  tell(with, http::transaction_json(*asked, how.given));
  return 0;
}

} // namespace

void add_txn(program& present) {
  auto given = std::make_shared<txn_arguments>();
  auto& verb = *present.app.add_subcommand("txn", "Compare, then write or read, all at once");
  verb
    .add_option("-f,--file", given->file,
                R"({"compare":[…],"then":[…],"else":[…]}, as POST /v1/txn; - reads it from stdin)")
    ->required();
  verb.add_option("--fence", given->fence,
                  "LOCK:TOKEN, of the lock under which this is done: refused (fenced) if one "
                  "of its partitions knows a later holder");
  verb.footer(R"(
Example: take 5 from one account for another, if the other is there.

  {"compare": [{"space": "bank", "key": "bob", "exists": true}],
   "then":    [{"op": "add", "space": "bank", "key": "ann", "number": -5},
               {"op": "add", "space": "bank", "key": "bob", "number": 5}],
   "else":    [{"op": "get", "space": "bank", "key": "ann"}]}

A comparison has one of exists, version and value; with "is": equal (as without it),
not_equal, less or greater. Steps: get, scan, put, delete, add, min, max, append,
insert, take_out.)");
  add_connection_flags(verb, present);
  choose(verb, present, [given](const context& with) { return run(with, *given); });
}

} // namespace present::tools
