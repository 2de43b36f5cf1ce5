// SPDX-License-Identifier: Apache-2.0
#include "net/retry.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "net/http.hpp"

namespace sealift::net {

bool may_pass(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::optional<std::chrono::milliseconds> asked_wait(const std::string& text,
                                                    std::chrono::seconds longest) {
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty()) {
    std::tm date{};
    const char* rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (rest == nullptr || *rest != '\0') return std::nullopt;
    seconds = ::timegm(&date) - std::time(nullptr);
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, longest.count()));
}

std::optional<std::chrono::milliseconds> asked_wait(const Reply& reply, const std::string& other,
                                                    std::chrono::seconds longest) {
  const auto usual = asked_wait(reply.header("retry-after"), longest);
  return usual || other.empty() ? usual : asked_wait(reply.header(other), longest);
}

}  // namespace sealift::net
