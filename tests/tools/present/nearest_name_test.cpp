#include "tools/present/nearest_name.hpp"

#include <doctest/doctest.h>

using namespace present::tools;

TEST_CASE("a slip of the finger finds its name, another word finds none") {
  const std::vector<std::string> names{"endpoint", "data", "nodes", "partitions"};
  CHECK(nearest_name("endpiont", names) == "endpoint");
  CHECK(nearest_name("partition", names) == "partitions");
  CHECK(nearest_name("dta", names) == "data");
  CHECK(nearest_name("colour", names).empty());
  CHECK(did_you_mean("colour", names).empty());
}
