// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts that a template is read into.

#include <cstddef>
#include <string>

#include "release/templates/expression.hpp"

namespace sealift::release {

// Where a template names something: a value, or inside a section perhaps a field of a list's item.
struct TemplateUse {
  std::string name;
  int line;
  bool section;  // used as a condition or a list
  bool guarded;  // looked at only where it has a value: {{#NAME | set}}
  int around;    // the index in uses() of the section around it; -1: none
};

// A part of a template. Those inside a section follow it, up to `end`.
struct TemplateNode {
  enum class Kind { text, value, section, inverted };
  Kind kind;
  std::string text;
  Expression expression;
  int line;
  int use;  // its index in uses(); -1: it names nothing
  std::size_t end;
};

}  // namespace sealift::release
