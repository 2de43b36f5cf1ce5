// SPDX-License-Identifier: Apache-2.0
#pragma once

// Metrics in the text form of Prometheus (exposition format 0.0.4), which node_exporter reads from
// files. Every metric is a gauge. A family without a sample is left out: what is not known has no
// value.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sealift::installer {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct Sample {
  Labels labels;
  double value = 0;
};

struct Family {
  std::string name;  // such as sealift_drift_components
  std::string help;  // one line
  std::vector<Sample> samples;
};

// Whole numbers without an exponent, as times are read by people too.
std::string number_text(double value);

std::string exposition(const std::vector<Family>& families);

}  // namespace sealift::installer
