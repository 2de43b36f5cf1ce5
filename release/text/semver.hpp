// SPDX-License-Identifier: Apache-2.0
#pragma once

// Versions (Semantic Versioning 2.0.0) and ranges of them. A version is the only order among
// releases.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::release {

class Version {
 public:
  // Throws Error{invalid_input} for anything but the strict form.
  static Version parse(std::string_view text);

  // As written, build metadata included.
  const std::string& str() const { return text_; }
  // Precedence of section 11; build metadata does not count, so equal versions may differ in str().
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

 private:
  Version() = default;
  std::string text_;
  std::uint64_t core_[3] = {};
  std::vector<std::string> prerelease_;
};

// Comparators joined by spaces, all of which must hold: ">=1.0.0 <2.0.0", "=1.2.3".
class VersionRange {
 public:
  // Throws Error{invalid_input}.
  static VersionRange parse(std::string_view text);
  const std::string& str() const { return text_; }
  bool contains(const Version& version) const;
  // The lowest version that a ">=" or "=" names, for a hint; empty where there is none.
  std::string lowest() const;

 private:
  enum class Sign { less, at_most, equal, at_least, more };
  struct Comparator {
    Sign sign;
    Version version;
  };
  VersionRange() = default;
  std::string text_;
  std::vector<Comparator> comparators_;
};

}  // namespace sealift::release
