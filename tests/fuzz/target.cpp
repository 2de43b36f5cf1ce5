// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/path.hpp"

namespace sealift::fuzz {

namespace {

bool is_safe_to_show(std::string_view line) {
  return printable(line, line.size() + 1) == line;
}

}  // namespace

void check(const Error& error) {
  require(error.code() != Errc::internal, "bytes from outside are no defect of ours");
  for (const Problem& problem : error.problems()) {
    require(is_safe_to_show(problem.message), "messages are safe to show");
    require(is_safe_to_show(problem.hint), "hints are safe to show");
  }
}

Target::Target(std::string_view name, Work work) : name_(name), work_(work) {
  all().push_back(*this);
}

void Target::read(std::string_view bytes) const noexcept {
  even_if_refused([&] { work_(bytes); });
}

std::vector<Target>& Target::all() {
  static std::vector<Target> targets;
  return targets;
}

void require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "finding: broken promise: %.*s\n", static_cast<int>(promise.size()),
               promise.data());
  std::abort();
}

}  // namespace sealift::fuzz
