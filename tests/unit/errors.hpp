// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests that expect a refusal: the Error itself, so that its kind and words can be looked at.

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace sealift::tests {

// The Error that `work` ends with; nothing where it succeeds.
template <typename Work>
std::optional<Error> error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// The kind of failure of `work`; nothing where it succeeds.
template <typename Work>
std::optional<Errc> refusal_of(Work&& work) {
  const std::optional<Error> error = error_of(work);
  if (!error) return std::nullopt;
  return error->code();
}

// Every message of `error`, one a line.
inline std::string messages(const std::optional<Error>& error) {
  std::string text;
  if (error) {
    for (const Problem& problem : error->problems()) text += problem.message + "\n";
  }
  return text;
}

}  // namespace sealift::tests

namespace Catch {
template <>
struct StringMaker<std::optional<sealift::Errc>> {
  static std::string convert(const std::optional<sealift::Errc>& code) {
    return code ? std::string(sealift::name(*code)) : "no error";
  }
};
}  // namespace Catch
