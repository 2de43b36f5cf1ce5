// SPDX-License-Identifier: Apache-2.0
// Gives each target the inputs that are kept for it, and the empty one. Argument: the folder that
// holds one folder for each target. A target without inputs and a folder without a target are
// failures.

#include <cstdio>
#include <exception>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

constexpr std::uint64_t kMaxInput = 1U << 20;

// The folder's files, after the empty input. Each is named first: an input that is a finding ends
// the program.
void replay(const Target& target, const Dir& folder) {
  std::size_t count = 0;
  target.read("");
  for (const Entry& entry : folder.entries()) {
    const fs::path file = fs::path(folder.path()) / entry.name;
    std::fprintf(stderr, "%s\n", file.c_str());
    target.read(read_file(file, kMaxInput));
    ++count;
  }
  if (count == 0) throw Error(Errc::io, format("{}: found no input", folder.path()));
}

void replay_all(const fs::path& corpus) {
  std::set<std::string, std::less<>> known;
  for (const Target& target : Target::all()) {
    known.emplace(target.name());
    replay(target, Dir::open(corpus / target.name()));
  }
  for (const Entry& entry : Dir::open(corpus).entries()) {
    if (known.contains(entry.name)) continue;
    throw Error(Errc::io,
                format("{}: found inputs for {}, which is no target", corpus.string(), entry.name));
  }
}

}  // namespace

}  // namespace sealift::fuzz

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw sealift::Error(sealift::Errc::usage, "expected the corpus folder");
    sealift::fuzz::replay_all(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replay: %s\n", error.what());
    return 1;
  }
}
