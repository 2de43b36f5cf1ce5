// SPDX-License-Identifier: Apache-2.0
#include "content/image_name.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::content {

namespace {

constexpr std::size_t kMaxName = 255;  // HOST/REPOSITORY
constexpr std::size_t kMaxTag = 128;
constexpr std::string_view kDefaultHost = "docker.io";

bool is_small(char c) {
  return is_small_letter(c) || is_digit(c);
}

bool is_word(char c) {
  return is_small(c) || is_capital_letter(c) || c == '_';
}

// Words of a-z 0-9, joined by one '.', one or two '_', or any number of '-'.
bool is_part(std::string_view part) {
  if (part.empty() || !is_small(part.front()) || !is_small(part.back())) return false;
  for (std::size_t i = 0; i < part.size();) {
    if (is_small(part[i])) {
      ++i;
      continue;
    }
    const std::size_t end = std::min(part.find_first_not_of(part[i], i), part.size());
    const std::size_t most = part[i] == '.'   ? 1
                             : part[i] == '_' ? 2
                             : part[i] == '-' ? kMaxName
                                              : 0;
    if (end - i > most || !is_small(part[end])) return false;
    i = end;
  }
  return true;
}

bool is_repository(std::string_view text) {
  while (true) {
    const std::size_t slash = text.find('/');
    if (!is_part(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.back() != ']') {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) {
      return false;
    }
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
  }
  return !text.empty() && is_word(text.front()) && text.back() != '-' && text.back() != '.' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c != '_' && (is_word(c) || c == '.' || c == '-'); });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTag && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// The first part of a name is a host where it could be no part of a repository, and "localhost".
bool names_a_host(std::string_view part) {
  return part == "localhost" || part.find_first_of(".:[") != std::string_view::npos ||
         std::any_of(part.begin(), part.end(), is_capital_letter);
}

}  // namespace

ImageName ImageName::parse(std::string_view text) {
  const auto refuse = [&](std::string_view part, std::string_view what) {
    throw Error(Errc::invalid_input,
                format("found \"{}\" in the image name \"{}\", expected {}", printable(part, 80),
                       printable(text, 200), what),
                "image names look like docker.io/chanuka/server:1.0.0");
  };
  ImageName name;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    const std::string_view digest = rest.substr(at + 1);
    try {
      name.digest = Digest::parse(digest);
    } catch (const Error&) {
      refuse(digest, "sha256: and 64 lower-case hex digits");
    }
    rest = rest.substr(0, at);
  }
  const std::size_t slash = rest.rfind('/');
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    name.tag = rest.substr(colon + 1);
    if (!is_tag(name.tag)) refuse(name.tag, "a tag of at most 128 of A-Z a-z 0-9 _ . -");
    rest = rest.substr(0, colon);
  }
  const std::size_t first = rest.find('/');
  if (first != std::string_view::npos && names_a_host(rest.substr(0, first))) {
    name.host = rest.substr(0, first);
    name.repository = rest.substr(first + 1);
    if (name.host == "index.docker.io") name.host = kDefaultHost;
  } else {
    name.host = kDefaultHost;
    name.repository = rest;
  }
  if (!is_host(name.host)) refuse(name.host, "a host such as registry.site:5000");
  if (name.host == kDefaultHost && name.repository.find('/') == std::string::npos) {
    name.repository = "library/" + name.repository;
  }
  if (!is_repository(name.repository)) {
    refuse(name.repository, "lower-case words joined by . _ - and /");
  }
  if (name.place().size() > kMaxName) refuse(name.place(), "at most 255 characters");
  return name;
}

std::string ImageName::str() const {
  std::string text = place();
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->str();
  return text;
}

}  // namespace sealift::content
