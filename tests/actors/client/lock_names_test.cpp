#include "actors/client/lock_names.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::client;

TEST_CASE("a lock's name is of the space it says, or of the one for locks") {
  CHECK(*parse_lock_name("jobs") == lock_name{"locks", "jobs"});
  CHECK(*parse_lock_name("accounts/alice") == lock_name{"accounts", "alice"});
  CHECK(*parse_lock_name("a/b/c") == lock_name{"a", "b/c"});
  for (const auto* bad : {"", "/", "a/", "/b"}) {
    const auto read = parse_lock_name(bad);
    REQUIRE_FALSE(read);
    CHECK(read.problem().code == error_code::invalid);
  }
}

TEST_CASE("a fence is a lock and the token that it was granted with") {
  const auto fence = parse_fence("accounts/a:b:17");
  REQUIRE(fence);
  CHECK(fence->space == "accounts");
  CHECK(fence->key == "a:b");
  CHECK(fence->token == hlc_stamp{17});
  for (const auto* bad : {"jobs", "jobs:", "jobs:x", "jobs:-1", "jobs:0", ":17", "jobs:17x",
                          "jobs:99999999999999999999"})
    CHECK_FALSE(parse_fence(bad));
}
