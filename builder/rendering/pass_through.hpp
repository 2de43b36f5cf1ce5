// SPDX-License-Identifier: Apache-2.0
#pragma once

// Manifests that another program writes, as templates of ours: rendered with stand-ins for what
// only sites know, and compared with what the program writes of other stand-ins and of the values
// of each environment. So a template says what the program would have said on any site, or the
// build says which value it hangs on.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "builder/rendering/placeholders.hpp"

namespace sealift::builder {

// One run of the program over the files, with their placeholders filled: the YAML that it writes.
using Program = std::function<std::string(const Texts& filled)>;
// The values of each environment, by its name; null where each site says its own.
using ByEnvironment = std::vector<std::pair<std::string, release::Values>>;

struct PassedThrough {
  Texts files;                      // templates, by the path of what made them
  std::vector<std::string> doubts;  // told to people, no mistakes
  // Those that have left no trace: something else was made of them, or nothing asked for them.
  std::vector<Placeholders::Named> unseen;
};

// Adds to `problems` every value that does not go through, and output that differs from run to run.
// Nothing of worth where it added any.
PassedThrough pass_through(const Placeholders& placeholders, const ByEnvironment& environments,
                           const Program& program, Problems& problems);

}  // namespace sealift::builder
