// SPDX-License-Identifier: Apache-2.0
#pragma once

// base/ takes whatever it parses for a person's input. What a digest or a time that cannot be read
// means depends on the document that it stands in: the document's parser decides.

#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace sealift::signing {

// Runs `work`; an Error that leaves it becomes one of kind `code` that starts with `where`.
template <typename Work>
auto blame(Errc code, std::string_view where, Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    throw Error(code, error.within(where).problems());
  }
}

}  // namespace sealift::signing
