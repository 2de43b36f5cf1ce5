// SPDX-License-Identifier: Apache-2.0
#include "release/documents/content_type.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sealift::release {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kTypes = {{
    {"atom", "application/atom+xml"},
    {"bmp", "image/bmp"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"eot", "application/vnd.ms-fontobject"},
    {"geojson", "application/geo+json"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/x-icon"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"md", "text/markdown"},
    {"mjs", "text/javascript"},
    {"otf", "font/otf"},
    {"rss", "application/rss+xml"},
    {"svg", "image/svg+xml"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"vtt", "text/vtt"},
    {"wasm", "application/wasm"},
    {"webmanifest", "application/manifest+json"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
}};

constexpr std::array<std::string_view, 9> kSmaller = {"application/javascript",
                                                      "application/json",
                                                      "application/vnd.ms-fontobject",
                                                      "application/wasm",
                                                      "application/xml",
                                                      "font/otf",
                                                      "font/ttf",
                                                      "image/bmp",
                                                      "image/x-icon"};

}  // namespace

std::string_view content_type_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == path.npos || path.find('/', dot) != path.npos) return {};
  const std::string_view ending = path.substr(dot + 1);
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& each) { return each.first == ending; });
  return found == kTypes.end() ? std::string_view() : found->second;
}

bool is_compressible(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         std::find(kSmaller.begin(), kSmaller.end(), type) != kSmaller.end();
}

}  // namespace sealift::release
