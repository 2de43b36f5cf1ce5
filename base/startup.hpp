// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a process is given by whoever starts it (descriptors, signals, umask, limits), made the same
// for every run of our programs, so that none of it decides what they do.

#include <cstdint>

namespace sealift {

// Once, from main, before any file is opened and any thread is started:
// - Descriptors 0 to 2 that are closed are opened on /dev/null. Otherwise a file of ours would get
//   the number, and with it the remarks and results that are printed there.
// - A reader that goes away and a file that reaches its size limit are errors of write() (EPIPE,
//   EFBIG), not the end of the process.
// - The umask is 022, also for programs that we start; what is secret has its mode at creation.
// - The soft limit of open files is raised to the hard one. Error{io} where that is too low.
void prepare_process();

// In a child between fork() and exec(): signals and the limit of open files as a program expects
// them.
void prepare_child();

// Error{io} where this process may not write files of `bytes`.
void require_file_size(std::uint64_t bytes);

}  // namespace sealift
