// SPDX-License-Identifier: Apache-2.0
#include "release/templates/references.hpp"
#include "release/templates/template.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

const release::Values& values() {
  static const release::Values values = [] {
    release::Values all = release::builtin_values("chanuka", "1.0.0", "production");
    all.insert({{"A", "{{B}}\u202e"}, {"B", true}, {"C", 7}, {"D", nullptr}, {"E", false}});
    all.insert({{"L", Json::array({"a", "$b", 3})}});
    all.insert({{"M", Json::array({{{"A", "x"}, {"Z", false}}, {{"A", "y z"}}})}});
    return all;
  }();
  return values;
}

}  // namespace

const Target kTemplate("template", [](std::string_view bytes) {
  const release::Template read = release::Template::parse(bytes, "template");
  const std::string rendered = read.render(values());
  require(read.render(values()) == rendered, "rendering is pure");
  if (bytes.find("{{") == std::string_view::npos) {
    require(rendered == bytes, "text without tags is left as it is");
  }
  release::Values referring = values();
  referring["X"] = std::string(bytes);
  require(release::resolve(referring) == release::resolve(referring), "resolving is pure");
});

}  // namespace sealift::fuzz
