// A page of metrics in Prometheus' text format 0.0.4, as it is written: one name after the other, first what
// it is, then its samples; and what both programs show of themselves.
//
// Nothing is escaped: names, labels and their values are the program's own, never a file's, a key's, a
// session's or a job's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/log.h"
#include "base/process_figures.h"
#include "store/metered_store.h"

namespace rayhistory {

// As Prometheus wants times.
double in_seconds(Nanoseconds duration);

class MetricsPage {
 public:
  // `prefix` stands in front of every name that does not begin with "process_": "ray_collector_".
  explicit MetricsPage(std::string_view prefix);

  // What follows are samples of this name. `type` is counter, gauge or histogram.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  template <typename Number>
  void sample(Number value) {
    fmt::format_to(out(), "{} {}\n", name_, value);
  }
  template <typename Number>
  void sample(std::string_view label, std::string_view label_value, Number value) {
    fmt::format_to(out(), "{}{{{}=\"{}\"}} {}\n", name_, label, label_value, value);
  }
  template <typename Number>
  void sample(std::string_view label, std::string_view label_value, std::string_view label2,
              std::string_view label2_value, Number value) {
    fmt::format_to(out(), "{}{{{}=\"{}\",{}=\"{}\"}} {}\n", name_, label, label_value, label2, label2_value,
                   value);
  }
  // `label` is `op="put"`, or empty.
  void histogram(std::string_view label, const DurationHistogram::Counts& counts);

  template <typename Number>
  void counter(std::string_view name, std::string_view help, Number value) {
    begin(name, "counter", help);
    sample(value);
  }
  template <typename Number>
  void gauge(std::string_view name, std::string_view help, Number value) {
    begin(name, "gauge", help);
    sample(value);
  }
  // A counter whose samples differ in one label.
  void counters(std::string_view name, std::string_view help, std::string_view label,
                std::initializer_list<std::pair<std::string_view, uint64_t>> samples);

  // build_info.
  void add_build(std::string_view help);
  // store_requests_total and store_request_duration_seconds of these operations, store_reachable,
  // store_last_success_timestamp_seconds.
  void add_store(const StoreTotals& store, std::span<const StoreOperation> operations);
  // log_messages_total.
  void add_log(const LoggedTrouble& trouble);
  // process_*.
  void add_process(const ProcessFigures& process);

  std::string text() && { return std::move(text_); }

 private:
  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }

  const std::string prefix_;
  std::string text_;
  std::string name_;
};

}  // namespace rayhistory
