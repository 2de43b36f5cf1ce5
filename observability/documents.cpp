// SPDX-License-Identifier: Apache-2.0
#include "observability/documents.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "release/text/yaml.hpp"

namespace sealift::observability {

namespace {

using release::YamlDocument;
using release::YamlMark;

// A plain scalar that JSON would read as a number. The reader of YAML leaves those as text which it
// could not write back as they stand.
bool is_fraction(const std::string& text, const YamlMark* mark) {
  if (mark == nullptr || mark->spelling != YamlMark::Spelling::plain || text.empty()) return false;
  if (text.find_first_not_of("0123456789.eE+-") != std::string::npos) return false;
  try {
    return parse_json(text, "number", Errc::invalid_input, Numbers::any).is_number();
  } catch (const Error&) {
    return false;
  }
}

void settle_numbers(const YamlDocument& document, Json& value, const std::string& pointer) {
  if (value.is_object()) {
    for (auto& [key, each] : value.items()) {
      settle_numbers(document, each, format("{}/{}", pointer, key));
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      settle_numbers(document, value.at(i), format("{}/{}", pointer, i));
    }
  } else if (value.is_string() && is_fraction(value.text(), document.mark_of(pointer))) {
    value = parse_json(value.text(), pointer, Errc::invalid_input, Numbers::any);
  }
}

}  // namespace

bool is_document(std::string_view path) {
  return path.ends_with(".json") || path.ends_with(".yaml") || path.ends_with(".yml");
}

Json read_document(const std::string& text, const std::string& file) {
  if (text.size() > kMaxDocumentBytes) {
    throw Error(Errc::invalid_input, format("{}: found {} bytes, expected at most {}", file,
                                            text.size(), kMaxDocumentBytes));
  }
  if (file.ends_with(".json")) {
    return parse_json(text, file, Errc::invalid_input, Numbers::any);
  }
  const YamlDocument document = YamlDocument::parse(text, file, release::Yaml::foreign);
  Json value = document.value();
  settle_numbers(document, value, "");
  return value;
}

}  // namespace sealift::observability
