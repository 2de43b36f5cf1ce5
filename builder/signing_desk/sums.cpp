// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/sums.hpp"

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/null_sink.hpp"
#include "base/path.hpp"

namespace sealift::builder {

namespace {

constexpr std::uint64_t kMaxSums = 1U << 20;

// A folder may hold several bundles, and files that somebody else has summed.
std::string lines_of_others(const fs::path& sums, const std::string& name) {
  if (!path_exists(sums)) return {};
  const std::string text = read_file(sums, kMaxSums);
  std::string kept;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, end + 1);
    if (!line.ends_with("  " + name + "\n")) kept += line;
    rest.remove_prefix(line.size());
  }
  if (!kept.empty() && !kept.ends_with('\n')) kept += '\n';
  return kept;
}

}  // namespace

void write_sum(const fs::path& file, const Digest& digest) {
  const std::string name = file.filename().string();
  check_name(name);
  const fs::path sums = absolute_path(file).parent_path() / kSumsName;
  write_file(sums, lines_of_others(sums, name) + format("{}  {}\n", digest.hex(), name));
  const fs::path signature = sums.string() + ".minisig";
  if (remove_file(signature)) {
    log::warning(format("{}: removed, because {} has changed; sign it again with: sealift sums",
                        signature.string(), kSumsName));
  }
}

// In one pass, in constant memory.
FileSum sum_of(const fs::path& file) {
  const Fd fd = open_for_reading(file);
  FdSource source(fd.get(), file.string());
  NullSink nowhere;
  HashingSink hashed(nowhere);
  copy(source, hashed);
  return {.digest = hashed.finish(), .bytes = hashed.size()};
}

}  // namespace sealift::builder
