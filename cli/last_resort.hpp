// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sealift::cli {

// For std::set_terminate(). Destructors of the JSON library need memory, so that one may fail where
// there is none left, and no handler of ours is reached: the program ends as a kill would end it,
// with the exit status of Errc::io, and says why. Anything else is a defect, and aborts.
[[noreturn]] void end_where_memory_ended();

}  // namespace sealift::cli
