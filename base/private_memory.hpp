// SPDX-License-Identifier: Apache-2.0
#pragma once

// What becomes of the memory of a process that knows secrets. The first signing::Secret sees to it,
// so no command has to think of it; one that touches no secret stays as it was.

#include <cstddef>

namespace sealift {

// From here on
// - no core dump of this process is written, and no other process of its user may read its memory
//   (PR_SET_DUMPABLE). Programs that it starts may; they write no core dumps unless they allow them
//   again;
// - memory that C++ gives back is overwritten first, up to kMostWiped bytes of it: parsers and
//   template engines copy texts in ways that nobody else can follow. Larger buffers of secrets are
//   wiped by who owns them.
// Error{io} where the system refuses.
void keep_memory_private();

inline constexpr std::size_t kMostWiped = 64 << 10;
// Whether freed memory is overwritten.
bool wipes_freed_memory();

}  // namespace sealift
