// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

// Gives rights away before bytes are read that nobody has vouched for yet, so that a mistake in a
// reader is worth little. It needs Landlock (Linux 5.13) and no rights of its own.

namespace sealift {

// Whether this kernel has Landlock and it is switched on.
bool has_landlock();

// From here on the calling thread and the threads that it starts can neither change a file nor
// start a program nor open a TCP connection; what is open stays so. For good. Without Landlock
// nothing happens. Error{io} where the kernel has it and refuses.
void give_up_changes();

// Does `work` on a thread that has given up changes, and those that it starts with it; what it
// throws comes through. Where the system gives no thread, this one does it as it is.
void without_changes(const std::function<void()>& work);

}  // namespace sealift
