#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace present::observe {

/// Names and values, few of both: never an actor's id, a key, a client or a
/// tenant, of which there is no end (checked).
using labels = std::vector<std::pair<std::string, std::string>>;

/// What only grows. Thread-safe; some ns.
class counter {
public:
  void add(std::uint64_t amount = 1) {
    value_.fetch_add(amount, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// What goes up and down. Thread-safe.
class gauge {
public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double amount) {
    value_.fetch_add(amount, std::memory_order_relaxed);
  }
  double value() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<double> value_{0};
};

/// How values are spread over buckets. Thread-safe and without a lock, so that
/// each operation may be counted: prometheus-cpp's own takes a mutex.
class histogram {
public:
  /// Upper bounds, rising, in the metric's unit; one more bucket takes the rest.
  explicit histogram(std::vector<double> bounds);

  void observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  /// How many values are in bucket `index`, not cumulated.
  std::uint64_t in_bucket(std::size_t index) const {
    return buckets_[index].load(std::memory_order_relaxed);
  }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

/// Bounds for durations in seconds, 50 us to 10 s, three a decade.
std::vector<double> latency_bounds();

/// What a source adds to one scrape.
class samples {
public:
  virtual ~samples() = default;
  virtual void add_counter(std::string_view name, std::string_view help,
                           double value, labels with = {}) = 0;
  virtual void add_gauge(std::string_view name, std::string_view help,
                         double value, labels with = {}) = 0;
};

/// All metrics of one node (O2). Thread-safe. What `add_…` returns lives as long
/// as this; asked again for the same name and labels it is the same.
///
/// Names begin with `present_` (or `process_`, where Prometheus has agreed on
/// one), end in their unit, and those of counters in `_total`: checked, as is
/// that a name has one kind and one help.
class metrics {
public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  counter& add_counter(std::string_view name, std::string_view help,
                       labels with = {});
  gauge& add_gauge(std::string_view name, std::string_view help,
                   labels with = {});
  histogram& add_histogram(std::string_view name, std::string_view help,
                           labels with = {},
                           std::vector<double> bounds = latency_bounds());

  /// Asked at each scrape, for what is counted elsewhere. It runs under this
  /// object's lock: it must not call back.
  void add_source(std::function<void(samples&)> source);

  /// Prometheus text format 0.0.4, families and series in a stable order.
  std::string text() const;

  static constexpr std::string_view content_type
    = "text/plain; version=0.0.4; charset=utf-8";

private:
  enum class kind : std::uint8_t { counter, gauge, histogram };
  struct series;
  struct family;
  class scrape;

  series& find_or_add(kind what, std::string_view name, std::string_view help,
                      labels with, std::vector<double> bounds = {});

  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::map<std::string, std::unique_ptr<family>, std::less<>> families_;
  std::vector<std::function<void(samples&)>> sources_;
};

} // namespace present::observe
