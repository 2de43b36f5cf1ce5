// SPDX-License-Identifier: Apache-2.0
#include "release/documents/allow.hpp"

namespace sealift::release {

std::string_view name(Reach reach) {
  switch (reach) {
    case Reach::privileged:
      return "privileged";
    case Reach::host_paths:
      return "host_paths";
    case Reach::host_network:
      return "host_network";
    case Reach::host_pid:
      return "host_pid";
    case Reach::root_units:
      return "root_units";
    case Reach::commands:
      return "commands";
  }
  return "";
}

}  // namespace sealift::release
