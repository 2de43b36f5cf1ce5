// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/dogstatsd.hpp"

#include "base/format.hpp"
#include "net/datagram.hpp"

namespace sealift::installer {

namespace {

constexpr std::chrono::milliseconds kLimit{1000};  // of one datagram
constexpr std::string_view kOurs = "sealift_";     // in Datadog "sealift."

std::string plain(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (std::string_view(",|#\n\r").find(c) != std::string_view::npos) c = '_';
  }
  return out;
}

std::string line_of(const Family& family, const Sample& sample) {
  std::string name = family.name;
  if (name.starts_with(kOurs)) name[kOurs.size() - 1] = '.';
  std::string tags;
  for (const auto& [key, value] : sample.labels) {
    tags += format("{}{}:{}", tags.empty() ? "|#" : ",", plain(key), plain(value));
  }
  return format("{}:{}|g{}", name, number_text(sample.value), tags);
}

}  // namespace

std::vector<std::string> dogstatsd_datagrams(const std::vector<Family>& families,
                                             std::size_t most) {
  std::vector<std::string> all;
  for (const Family& family : families) {
    for (const Sample& sample : family.samples) {
      const std::string line = line_of(family, sample);
      if (line.size() > most) continue;
      if (all.empty() || all.back().size() + 1 + line.size() > most) {
        all.push_back(line);
      } else {
        all.back() += "\n" + line;
      }
    }
  }
  return all;
}

void send_dogstatsd(const std::string& address, const std::vector<Family>& families) {
  const net::DatagramSocket socket(address, kLimit);
  for (const std::string& each : dogstatsd_datagrams(families, socket.most())) socket.send(each);
}

}  // namespace sealift::installer
