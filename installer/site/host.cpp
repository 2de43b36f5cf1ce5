// SPDX-License-Identifier: Apache-2.0
#include "installer/site/host.hpp"

#include <sys/utsname.h>

namespace sealift::installer {

std::string host_arch() {
  struct utsname host {};
  ::uname(&host);
  const std::string machine = host.machine;
  if (machine == "x86_64") return "amd64";
  return machine == "aarch64" ? "arm64" : machine;
}

}  // namespace sealift::installer
