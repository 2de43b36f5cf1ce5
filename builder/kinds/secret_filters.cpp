// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/secret_filters.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "release/templates/references.hpp"
#include "release/templates/template_scanner.hpp"

namespace sealift::builder {

namespace {

constexpr std::array kTransparent = {"base64", "given", "json", "set", "text", "yaml"};

bool is_transparent(const release::Filter& filter) {
  return std::find(kTransparent.begin(), kTransparent.end(), filter.name) != kTransparent.end();
}

}  // namespace

SecretFilters::SecretFilters(const release::Release& release) {
  for (const auto& [key, declared] : release.contract.keys()) {
    if (declared.secret) names_.insert(key);
  }
  for (const release::Environment& environment : release.environments) {
    names_.merge(release::sealed_keys(release.sealed, environment.name));
  }
  const std::set<std::string> secrets = names_;
  for (const release::Environment& environment : release.environments) {
    for (const auto& [name, unused] : environment.values) {
      const std::set<std::string> reached = release::reached_from(name, environment.values);
      const bool is_secret = std::any_of(secrets.begin(), secrets.end(),
                                         [&](const auto& each) { return reached.contains(each); });
      if (is_secret) names_.insert(name);
    }
  }
}

void SecretFilters::check(const std::string& path, const std::string& text,
                          Problems& problems) const {
  if (names_.empty()) return;
  release::TemplateScanner scanner(text, path);
  try {
    scanner.scan();
  } catch (const Error&) {
    return;
  }
  for (const release::TemplateNode& node : scanner.take_nodes()) {
    if (!names_.contains(node.expression.name)) continue;
    for (const release::Filter& filter : node.expression.filters) {
      if (is_transparent(filter)) continue;
      problems.add(format("{}:{}: found the filter {} of {}, which is a secret", path, node.line,
                          filter.name, node.expression.name),
                   "in a Secret it is written with json or, below data, with base64; let the "
                   "program in the pod read it from there");
    }
  }
}

}  // namespace sealift::builder
