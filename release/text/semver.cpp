// SPDX-License-Identifier: Apache-2.0
#include "release/text/semver.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxBytes = 128;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_plain_number(std::string_view text) {
  return is_digits(text) && (text == "0" || text.front() != '0');
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::strong_ordering compare_identifiers(const std::string& a, const std::string& b) {
  const bool a_number = is_digits(a);
  const bool b_number = is_digits(b);
  if (a_number != b_number) {
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  // Without leading zeros a longer number is the larger one.
  if (a_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace

Version Version::parse(std::string_view text) {
  const auto refuse = [&]() -> Error {
    return Error(
        Errc::invalid_input,
        format("version \"{}\", expected the form MAJOR.MINOR.PATCH of semantic versioning, "
               "such as 1.4.0 or 2.0.0-rc.1",
               printable(text, 80)));
  };
  if (text.size() > kMaxBytes) throw refuse();
  Version version;
  version.text_ = text;
  std::string_view rest = text;
  if (const std::size_t plus = rest.find('+'); plus != std::string_view::npos) {
    for (const std::string_view part : split(rest.substr(plus + 1), '.')) {
      if (!is_identifier(part)) throw refuse();
    }
    rest = rest.substr(0, plus);
  }
  if (const std::size_t dash = rest.find('-'); dash != std::string_view::npos) {
    for (const std::string_view part : split(rest.substr(dash + 1), '.')) {
      if (!is_identifier(part) || (is_digits(part) && !is_plain_number(part))) throw refuse();
      version.prerelease_.emplace_back(part);
    }
    rest = rest.substr(0, dash);
  }
  const std::vector<std::string_view> core = split(rest, '.');
  if (core.size() != 3) throw refuse();
  for (std::size_t i = 0; i < 3; ++i) {
    if (!is_plain_number(core[i]) || core[i].size() > 18) throw refuse();
    std::from_chars(core[i].data(), core[i].data() + core[i].size(), version.core_[i]);
  }
  return version;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (const auto order = a.core_[i] <=> b.core_[i]; order != 0) return order;
  }
  if (a.prerelease_.empty() || b.prerelease_.empty()) {
    return b.prerelease_.size() <=> a.prerelease_.size();  // a release is above its pre-releases
  }
  const std::size_t common = std::min(a.prerelease_.size(), b.prerelease_.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const auto order = compare_identifiers(a.prerelease_[i], b.prerelease_[i]); order != 0) {
      return order;
    }
  }
  return a.prerelease_.size() <=> b.prerelease_.size();
}

VersionRange VersionRange::parse(std::string_view text) {
  static constexpr std::pair<std::string_view, Sign> kSigns[] = {{">=", Sign::at_least},
                                                                 {"<=", Sign::at_most},
                                                                 {">", Sign::more},
                                                                 {"<", Sign::less},
                                                                 {"=", Sign::equal}};
  VersionRange range;
  range.text_ = text;
  for (std::string_view part : split(text, ' ')) {
    const auto sign = std::find_if(std::begin(kSigns), std::end(kSigns), [&](const auto& known) {
      return part.starts_with(known.first);
    });
    if (sign == std::end(kSigns)) {
      throw Error(Errc::invalid_input,
                  format("version range \"{}\", expected comparators such as >=1.0.0 or "
                         "\">=1.0.0 <2.0.0\"",
                         printable(text, 80)));
    }
    part.remove_prefix(sign->first.size());
    range.comparators_.push_back({sign->second, Version::parse(part)});
  }
  return range;
}

bool VersionRange::contains(const Version& version) const {
  return std::all_of(comparators_.begin(), comparators_.end(), [&](const Comparator& each) {
    switch (each.sign) {
      case Sign::less:
        return version < each.version;
      case Sign::at_most:
        return version <= each.version;
      case Sign::equal:
        return version == each.version;
      case Sign::at_least:
        return version >= each.version;
      case Sign::more:
        return version > each.version;
    }
    return false;
  });
}

std::string VersionRange::lowest() const {
  for (const Comparator& each : comparators_) {
    if (each.sign == Sign::at_least || each.sign == Sign::equal) return each.version.str();
  }
  return "";
}

}  // namespace sealift::release
