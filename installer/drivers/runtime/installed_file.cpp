// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/runtime/installed_file.hpp"

#include "base/stream.hpp"

namespace sealift::installer {

std::string installed_file(const fs::path& path, const std::string& directory,
                           const std::string& name, std::uint64_t limit) {
  const std::string place = path / directory / name;
  const Fd file = Dir::open(path).descend(directory).open_file(name);
  FdSource source(file.get(), place);
  return read_all(source, limit, place);
}

}  // namespace sealift::installer
