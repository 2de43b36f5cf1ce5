// SPDX-License-Identifier: Apache-2.0
#include "cli/last_resort.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

#include "base/error.hpp"

namespace sealift::cli {

void end_where_memory_ended() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    constexpr std::string_view kWords =
        "error: out of memory; the next command goes on from here\n";
    (void)!::write(STDERR_FILENO, kWords.data(), kWords.size());
    ::_exit(exit_status(Errc::io));
  } catch (...) {
    std::abort();
  }
  std::abort();
}

}  // namespace sealift::cli
