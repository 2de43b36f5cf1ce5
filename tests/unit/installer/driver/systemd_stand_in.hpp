// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a driver of units needs of systemd, without one: programs called systemctl and
// systemd-analyze that come first in PATH while this lives. A unit that runs is a copy of its file
// as it was when it was started; each runs until it is stopped.

#include <cstdlib>
#include <string>

#include "base/file.hpp"
#include "base/format.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::tests {

class SystemdStandIn {
 public:
  SystemdStandIn() {
    for (const char* each : {"bin", "units", "running", "enabled"}) {
      std::filesystem::create_directory(folder_ / each);
    }
    program("systemctl", kSystemctl);
    program("systemd-analyze", "exit 0\n");
    ::setenv("PATH", format("{}:{}", (folder_ / "bin").string(), path_).c_str(), 1);
  }
  SystemdStandIn(const SystemdStandIn&) = delete;
  SystemdStandIn& operator=(const SystemdStandIn&) = delete;
  ~SystemdStandIn() { ::setenv("PATH", path_.c_str(), 1); }

  // The folder of units.
  std::string units() const { return folder_ / "units"; }
  // The file of a unit that runs; "" where it does not.
  std::string running(const std::string& unit) const {
    const auto file = folder_ / "running" / unit;
    return path_exists(file) ? read_file(file, 1U << 20) : "";
  }

 private:
  static constexpr const char* kSystemctl = R"(verb=$1
[ "$verb" = daemon-reload ] && exit 0
shift
[ "$verb" = show ] && shift 2
shift
status=0
for unit; do
  case $verb in
    start) [ -e running/$unit ] || cp units/$unit running/$unit || status=1 ;;
    restart) cp units/$unit running/$unit || status=1 ;;
    try-restart) [ ! -e running/$unit ] || cp units/$unit running/$unit || status=1 ;;
    stop) rm -f running/$unit ;;
    enable) : >enabled/$unit ;;
    disable) rm -f enabled/$unit ;;
    is-enabled) if [ -e enabled/$unit ]; then echo enabled; else echo disabled; status=1; fi ;;
    show)
      [ -e units/$unit ] && load=loaded || load=not-found
      [ -e running/$unit ] && active=active || active=inactive
      printf 'Id=%s\nLoadState=%s\nActiveState=%s\nResult=success\nType=simple\nNRestarts=0\n\n' \
        "$unit" $load $active ;;
  esac
done
exit $status
)";

  void program(const std::string& name, const std::string& text) const {
    const auto file = folder_ / "bin" / name;
    write_file(file, format("#!/bin/sh\ncd '{}' || exit 1\n{}", folder_.path().string(), text));
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  ScratchFolder folder_;
  std::string path_ = std::getenv("PATH");
};

}  // namespace sealift::tests
