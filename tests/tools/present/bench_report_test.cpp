#include "tools/present/bench_report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present::tools;

TEST_CASE("a percentile is a latency that was seen") {
  const std::vector<std::uint32_t> ten{1000, 2000, 3000, 4000, 5000,
                                       6000, 7000, 8000, 9000, 10'000};
  CHECK(percentile_ms(ten, 50) == 5.0);
  CHECK(percentile_ms(ten, 99) == 10.0);
  CHECK(percentile_ms(ten, 100) == 10.0);
  CHECK(percentile_ms({700}, 50) == 0.7);
  CHECK(percentile_ms({}, 99) == 0.0);
}

TEST_CASE("the report has the fields of the interface") {
  bench_figures figures;
  figures.calls = 2000;
  figures.elapsed_ns = 500'000'000;
  figures.latencies_us = {100, 900};
  figures.errors = {{"overloaded", 3}};
  figures.client_cpu_us = 10'000;
  figures.server_cpu_us = 44'000;
  CHECK(to_json(figures).dump()
        == R"({"ops_per_second":4000.0,"p50_ms":0.1,"p99_ms":0.9,"max_ms":0.9,)"
           R"("errors":{"overloaded":3},"server_cpu_us_per_op":22.0,)"
           R"("client_cpu_us_per_op":5.0})");
  figures.server_cpu_us.reset();
  CHECK(to_json(figures)["server_cpu_us_per_op"].is_null());
}

TEST_CASE("a bench in which nothing succeeded divides by nothing") {
  CHECK(to_json({})["ops_per_second"] == 0.0);
  CHECK(to_json({})["client_cpu_us_per_op"] == 0.0);
}

TEST_CASE("a process's time is found behind its name, whatever that is") {
  const std::string behind = " S 1 2 3 4 5 6 7 8 9 10 120 45 0 0 20 0 5";
  CHECK(cpu_ticks_in("77 (present)" + behind) == 165);
  CHECK(cpu_ticks_in("77 (a) b (c)" + behind) == 165);
  CHECK_FALSE(cpu_ticks_in("").has_value());
  CHECK_FALSE(cpu_ticks_in("77 (present) S 1").has_value());
}
