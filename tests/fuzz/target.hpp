// SPDX-License-Identifier: Apache-2.0
#pragma once

// A target gives bytes from outside to a parser. It ends, or throws an Error that a person may be
// shown; anything else is a finding and ends the program.

#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace sealift::fuzz {

class Target {
 public:
  using Work = void (*)(std::string_view bytes);
  // Enters itself in all(). `name` is that of its folder in corpus/.
  Target(std::string_view name, Work work);

  std::string_view name() const { return name_; }
  void read(std::string_view bytes) const noexcept;

  // Every target that is linked into this program.
  static std::vector<Target>& all();

 private:
  std::string_view name_;
  Work work_;
};

// A finding unless `holds`; `promise` is what should have held.
void require(bool holds, std::string_view promise);

// A finding unless `error` may be shown to a person.
void check(const Error& error);

// For bytes that several readers get: `work` may refuse them.
template <typename Work>
void even_if_refused(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    check(error);
  }
}

}  // namespace sealift::fuzz
