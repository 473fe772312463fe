#pragma once

#include "actors/client/client_call.hpp"

#include <nlohmann/json.hpp>

namespace present::http {

/// What a transaction came to, over HTTP and from `present txn`:
///
///     {"succeeded":true,"version":17,"repeated":false,"results":[
///        {"version":17},                                  a put, a delete, an append
///        {"found":false},                                 a get or a delete of no key
///        {"found":true,"value":"v","version":12},         a get
///        {"version":17,"type":"integer","value":42},      an add
///        {"rows":[{"key":"a","value":"v","version":12}],"more":false}]}
///
/// "succeeded" says which branch it took, "results" has one for each of its steps. A
/// typed value (storage/typed_value.hpp) is told as what it is: a number, or a list of
/// texts ("encoding":"base64" if one of them is none).
nlohmann::ordered_json transaction_json(const client::transact_call& asked,
                                        const answer& given);

} // namespace present::http
