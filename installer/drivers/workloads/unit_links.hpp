// SPDX-License-Identifier: Apache-2.0
#pragma once

// The links by which systemd knows the units of a release: NAME and NAME.d/FILE in its folder of
// units lead to PATH/current, so that a switch there changes all of them at once; and those which
// `systemctl enable` makes of them. A link is ours when it leads below PATH; nothing else is ever
// touched. Error{io}, and Error{target_failed} where a name is another's.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace sealift::installer {

class UnitLinks {
 public:
  // `folder` is where systemd looks for units, `path` the target's.
  UnitLinks(fs::path folder, fs::path path) : folder_(std::move(folder)), path_(std::move(path)) {}

  // What stands in the place of `name` and is none of ours, as words for people; empty: nothing.
  std::string stranger(const std::string& name) const;
  // Whether the link `name` is as put() makes it.
  bool stands(const std::string& name) const;
  // All links of ours that belong to none of `names`: neither they themselves, nor what `systemctl
  // enable` made of them.
  std::vector<std::string> others(const std::set<std::string>& names) const;
  // Makes what is missing of `names`, durably.
  void put(const std::set<std::string>& names) const;
  // Removes links of ours, and folders that are empty then.
  void remove(const std::vector<std::string>& names) const;
  // What `systemctl enable` made leads to the release of that moment: from here on to the current.
  void settle() const;

 private:
  struct Link {
    std::string name;
    std::string target;
  };

  std::string wanted_target(const std::string& name) const;
  bool is_ours(const std::string& target) const;
  std::vector<Link> links() const;
  void write(const std::string& name, const std::string& target) const;

  fs::path folder_;
  fs::path path_;
};

}  // namespace sealift::installer
