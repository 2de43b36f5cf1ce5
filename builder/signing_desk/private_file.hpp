// SPDX-License-Identifier: Apache-2.0
#pragma once

// A secret in a person's editor: in a file that only its owner can read, in memory, overwritten and
// removed whatever happens. Memory may be swapped out; that is for the machine to encrypt.

#include "signing/secret.hpp"

namespace sealift::builder {

// Opens $VISUAL or $EDITOR, with its arguments; what was saved, without one newline at its end.
// Error{usage} where neither is set, Error{io} where there is no file system in memory, and
// Error{interrupted} where the editor says that it failed. Error{invalid_input} beyond `limit`
// bytes.
signing::Secret edit_privately(const signing::Secret& before, std::size_t limit);

}  // namespace sealift::builder
