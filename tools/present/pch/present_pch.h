// What most verbs include and what takes longest to read.
#include <caf/all.hpp>
#include <capnp/rpc.h>
#include <kj/async-io.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>
