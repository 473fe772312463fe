#include "runtime/observe/metrics.hpp"

#include "runtime/base/check.hpp"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>

namespace present::observe {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Labels with one value per something of which there is no end.
constexpr std::array<std::string_view, 7> endless_labels
  = {"actor", "client", "id", "key", "session", "tenant", "trace"};

void check_name(std::string_view name, bool is_counter) {
  const std::string text(name);
  check(name.starts_with("present_") || name.starts_with("process_"),
        "metric '" + text + "' lacks the prefix present_");
  check(prometheus::CheckMetricName(text),
        "metric '" + text + "' has characters that Prometheus refuses");
  check(is_counter == name.ends_with("_total"),
        "metric '" + text + "': counters, and only they, end in _total");
}

void check_labels(std::string_view name, const labels& with) {
  for (const auto& [label, _] : with) {
    check(prometheus::CheckLabelName(label),
          "label '" + label + "' has characters that Prometheus refuses");
    check(std::find(endless_labels.begin(), endless_labels.end(), label)
            == endless_labels.end(),
          "metric '" + std::string(name) + "': label '" + label
            + "' has no end of values");
  }
}

ClientMetric with_labels(const labels& with) {
  ClientMetric row;
  for (const auto& [name, value] : with)
    row.label.push_back({name, value});
  return row;
}

} // namespace

// -- histogram -------------------------------------------------------------------

histogram::histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      buckets_(new std::atomic<std::uint64_t>[bounds_.size() + 1]{}) {
  check(std::is_sorted(bounds_.begin(), bounds_.end()),
        "a histogram's bounds must rise");
}

void histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value)
                      - bounds_.begin();
  buckets_[static_cast<std::size_t>(bucket)].fetch_add(
    1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<double> latency_bounds() {
  return {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
          50e-3, 100e-3, 250e-3, 500e-3, 1,    2.5,    5,    10};
}

// -- metrics ---------------------------------------------------------------------

/// One of the three, by its family's kind.
struct metrics::series {
  labels with;
  counter count;
  gauge level;
  std::unique_ptr<histogram> spread;
};

struct metrics::family {
  kind what = kind::counter;
  std::string help;
  std::deque<series> all; ///< never moves what it holds
};

namespace {

ClientMetric::Histogram collect(const histogram& from) {
  ClientMetric::Histogram to;
  for (std::size_t i = 0; i <= from.bounds().size(); ++i) {
    to.sample_count += from.in_bucket(i);
    const auto bound = i < from.bounds().size()
                         ? from.bounds()[i]
                         : std::numeric_limits<double>::infinity();
    to.bucket.push_back({to.sample_count, bound});
  }
  to.sample_sum = from.sum();
  return to;
}

} // namespace

/// Families by name, so that a source may add to one that exists.
class metrics::scrape final : public samples {
public:
  void add_counter(std::string_view name, std::string_view help, double value,
                   labels with) override {
    check_name(name, true);
    add(kind::counter, name, help, std::move(with)).counter.value = value;
  }
  void add_gauge(std::string_view name, std::string_view help, double value,
                 labels with) override {
    check_name(name, false);
    add(kind::gauge, name, help, std::move(with)).gauge.value = value;
  }

  ClientMetric& add(kind what, std::string_view name, std::string_view help,
                    labels with) {
    check_labels(name, with);
    auto& family = families_[std::string(name)];
    if (family.metric.empty()) {
      family.name = name;
      family.help = help;
      family.type = type_of(what);
    }
    check(family.type == type_of(what) && family.help == help,
          "metric '" + std::string(name) + "' is two different things");
    return family.metric.emplace_back(with_labels(with));
  }

  std::string text() const {
    std::vector<MetricFamily> all;
    for (const auto& [_, family] : families_)
      all.push_back(family);
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, all);
    return out.str();
  }

private:
  static MetricType type_of(kind what) {
    switch (what) {
      case kind::counter:
        return MetricType::Counter;
      case kind::gauge:
        return MetricType::Gauge;
      case kind::histogram:
        return MetricType::Histogram;
    }
    return MetricType::Untyped;
  }

  std::map<std::string, MetricFamily> families_;
};

metrics::metrics() = default;
metrics::~metrics() = default;

metrics::series& metrics::find_or_add(kind what, std::string_view name,
                                      std::string_view help, labels with,
                                      std::vector<double> bounds) {
  check_name(name, what == kind::counter);
  check_labels(name, with);
  const std::lock_guard hold(mutex_);
  auto& slot = families_[std::string(name)];
  if (!slot)
    slot = std::make_unique<family>(family{what, std::string(help), {}});
  check(slot->what == what && slot->help == help,
        "metric '" + std::string(name) + "' is two different things");
  for (auto& known : slot->all)
    if (known.with == with)
      return known;
  auto& made = slot->all.emplace_back();
  made.with = std::move(with);
  if (what == kind::histogram)
    made.spread = std::make_unique<histogram>(std::move(bounds));
  return made;
}

counter& metrics::add_counter(std::string_view name, std::string_view help,
                              labels with) {
  return find_or_add(kind::counter, name, help, std::move(with)).count;
}

gauge& metrics::add_gauge(std::string_view name, std::string_view help,
                          labels with) {
  return find_or_add(kind::gauge, name, help, std::move(with)).level;
}

histogram& metrics::add_histogram(std::string_view name, std::string_view help,
                                  labels with, std::vector<double> bounds) {
  return *find_or_add(kind::histogram, name, help, std::move(with),
                      std::move(bounds))
            .spread;
}

void metrics::add_source(std::function<void(samples&)> source) {
  const std::lock_guard hold(mutex_);
  sources_.push_back(std::move(source));
}

std::string metrics::text() const {
  const std::lock_guard hold(mutex_);
  scrape all;
  for (const auto& [name, family] : families_)
    for (const auto& one : family->all) {
      auto& row = all.add(family->what, name, family->help, one.with);
      if (family->what == kind::counter)
        row.counter.value = static_cast<double>(one.count.value());
      else if (family->what == kind::gauge)
        row.gauge.value = one.level.value();
      else
        row.histogram = collect(*one.spread);
    }
  for (const auto& source : sources_)
    source(all);
  return all.text();
}

} // namespace present::observe
