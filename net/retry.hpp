// SPDX-License-Identifier: Apache-2.0
#pragma once

// When a request is worth another attempt, and how long the server asks to wait before it.

#include <chrono>
#include <optional>
#include <string>

namespace sealift::net {

class Reply;  // http.hpp

inline constexpr std::chrono::milliseconds kFirstWait{500};  // each one after it is twice as long
inline constexpr std::chrono::seconds kLongestWait{60};      // that a server may ask for

// An answer that another attempt may change: too many requests, or a server or gateway in trouble.
// 429, 500, 502, 503 and 504; what is refused for good is not asked again.
bool may_pass(int status);
// What Retry-After says, in seconds or as a date (RFC 9110, 10.2.3), at most `longest`; nothing
// where it says nothing.
std::optional<std::chrono::milliseconds> asked_wait(const std::string& text,
                                                    std::chrono::seconds longest = kLongestWait);
// The same of an answer, which may say it in another header: HttpSettings::wait_header.
std::optional<std::chrono::milliseconds> asked_wait(const Reply& reply, const std::string& other,
                                                    std::chrono::seconds longest = kLongestWait);
// That of Datadog.
inline constexpr const char* kRateLimitReset = "x-ratelimit-reset";

}  // namespace sealift::net
