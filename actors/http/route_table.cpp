#include "actors/http/route_table.hpp"

namespace present::http {

const std::vector<api_route>& route_table() {
  using enum action;
  static const std::vector<api_route> routes{
    {read_value, "GET", "/v1/kv/*/*/**", "/v1/kv/{space}/{key}", audience::client},
    {write_value, "PUT", "/v1/kv/*/*/**", "/v1/kv/{space}/{key}", audience::client},
    {remove_value, "DELETE", "/v1/kv/*/*/**", "/v1/kv/{space}/{key}", audience::client},
    {list_keys, "GET", "/v1/kv/*", "/v1/kv/{space}", audience::client},
    {run_batch, "POST", "/v1/batch", "/v1/batch", audience::client},
    {run_transaction, "POST", "/v1/txn", "/v1/txn", audience::client},
    {watch_keys, "GET", "/v1/watch/*", "/v1/watch/{space}", audience::client},
    {read_lock, "GET", "/v1/locks/*/**", "/v1/locks/{name}", audience::client},
    {acquire_lock, "PUT", "/v1/locks/*/**", "/v1/locks/{name}", audience::client},
    {keep_lock, "POST", "/v1/locks/*/**", "/v1/locks/{name}", audience::client},
    {release_lock, "DELETE", "/v1/locks/*/**", "/v1/locks/{name}", audience::client},
    {list_conflicts, "GET", "/v1/conflicts/*", "/v1/conflicts/{space}", audience::client},
    {decide_conflict, "POST", "/v1/conflicts/*/*/**", "/v1/conflicts/{space}/{key}",
     audience::admin},
    {list_spaces, "GET", "/v1/spaces", "/v1/spaces", audience::admin},
    {show_space, "GET", "/v1/spaces/*", "/v1/spaces/{space}", audience::admin},
    {make_space, "PUT", "/v1/spaces/*", "/v1/spaces/{space}", audience::admin},
    {drop_space, "DELETE", "/v1/spaces/*", "/v1/spaces/{space}", audience::admin},
    {show_status, "GET", "/v1/status", "/v1/status", audience::admin},
    {show_tree, "GET", "/v1/tree", "/v1/tree", audience::admin},
    {show_actor, "GET", "/v1/actors/*/**", "/v1/actors/{id}", audience::admin},
    {show_trace, "GET", "/v1/traces/*", "/v1/traces/{trace}", audience::admin},
    {describe_api, "GET", "/v1/openapi.json", "/v1/openapi.json", audience::anyone},
  };
  return routes;
}

} // namespace present::http
