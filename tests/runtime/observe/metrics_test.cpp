#include "runtime/observe/metrics.hpp"
#include "runtime/observe/process_figures.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace present;
using namespace present::observe;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a scrape is Prometheus's text format, families by name") {
  metrics all;
  all.add_gauge("present_queue_bytes", "Bytes waiting.").set(12);
  all.add_counter("present_operations_total", "Operations.", {{"code", "ok"}})
    .add(3);
  all.add_counter("present_operations_total", "Operations.",
                  {{"code", "a \"b\""}});
  CHECK(all.text()
        == "# HELP present_operations_total Operations.\n"
           "# TYPE present_operations_total counter\n"
           "present_operations_total{code=\"ok\"} 3\n"
           "present_operations_total{code=\"a \\\"b\\\"\"} 0\n"
           "# HELP present_queue_bytes Bytes waiting.\n"
           "# TYPE present_queue_bytes gauge\n"
           "present_queue_bytes 12\n");
}

TEST_CASE("a histogram's buckets are cumulated, bounds included") {
  metrics all;
  auto& spread = all.add_histogram("present_wait_seconds", "Wait.", {},
                                   {0.5, 1, 2});
  for (const double value : {0.1, 0.5, 0.6, 2.0, 9.0})
    spread.observe(value);
  const auto text = all.text();
  CHECK(contains(text, "present_wait_seconds_count 5\n"));
  CHECK(contains(text, "present_wait_seconds_sum 12.2"));
  CHECK(contains(text, "present_wait_seconds_bucket{le=\"0.5\"} 2\n"));
  CHECK(contains(text, "present_wait_seconds_bucket{le=\"1\"} 3\n"));
  CHECK(contains(text, "present_wait_seconds_bucket{le=\"2\"} 4\n"));
  CHECK(contains(text, "present_wait_seconds_bucket{le=\"+Inf\"} 5\n"));
}

TEST_CASE("the same name and labels are the same metric") {
  metrics all;
  auto& one = all.add_counter("present_x_total", "X.", {{"kind", "a"}});
  auto& same = all.add_counter("present_x_total", "X.", {{"kind", "a"}});
  auto& other = all.add_counter("present_x_total", "X.", {{"kind", "b"}});
  CHECK(&one == &same);
  CHECK(&one != &other);
}

TEST_CASE("names and labels that break the rules are refused") {
  metrics all;
  CHECK_THROWS(all.add_counter("operations_total", "Prefix."));
  CHECK_THROWS(all.add_counter("present_operations", "No _total."));
  CHECK_THROWS(all.add_gauge("present_operations_total", "Not a counter."));
  CHECK_THROWS(all.add_gauge("present_a-b", "Character."));
  CHECK_THROWS(all.add_gauge("present_a", "Endless.", {{"key", "k"}}));
  CHECK_THROWS(all.add_gauge("present_a", "Endless.", {{"actor", "7"}}));
  all.add_gauge("present_a", "A.");
  CHECK_THROWS(all.add_gauge("present_a", "Another."));
  CHECK_THROWS(all.add_histogram("present_a", "A."));
  CHECK_THROWS(histogram({2, 1}));
}

TEST_CASE("sources are asked at each scrape") {
  metrics all;
  int asked = 0;
  all.add_source([&](samples& scrape) {
    scrape.add_gauge("present_asked", "Times.", ++asked);
  });
  CHECK(contains(all.text(), "present_asked 1\n"));
  CHECK(contains(all.text(), "present_asked 2\n"));
}

TEST_CASE("nothing is lost between threads") {
  metrics all;
  auto& count = all.add_counter("present_x_total", "X.");
  auto& spread = all.add_histogram("present_x_seconds", "X.");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) {
        count.add();
        spread.observe(0.25);
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(count.value() == 40'000);
  CHECK(spread.sum() == 10'000);
}

TEST_CASE("the process is measured") {
  const auto before = read_process_figures();
  volatile double spin = 0;
  while (read_process_figures().cpu_seconds < before.cpu_seconds + 0.01)
    spin = spin + 1;
  CHECK(before.resident_bytes > 1e6);
  CHECK(before.open_files >= 3);
  CHECK(before.max_open_files > before.open_files);

  metrics all;
  edge::manual_clock clock(5'000'000);
  add_process_figures(all, clock);
  const auto text = all.text();
  for (const std::string name :
       {"process_cpu_seconds_total ", "process_resident_memory_bytes ",
        "process_open_fds ", "process_max_fds ",
        "process_start_time_seconds 5000\n", "present_clock_offset_seconds 0\n"})
    CHECK(contains(text, "\n" + name));
}
