// SPDX-License-Identifier: Apache-2.0
#include "release/text/order.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace sealift::release {

std::vector<std::string> circle_in(const After& after) {
  std::set<std::string> done;
  std::vector<std::string> way;
  const std::function<bool(const std::string&)> closes = [&](const std::string& name) {
    const auto seen = std::find(way.begin(), way.end(), name);
    if (seen != way.end()) {
      way.erase(way.begin(), seen);
      way.push_back(name);
      return true;
    }
    const auto before = after.find(name);
    if (before == after.end() || !done.insert(name).second) return false;
    way.push_back(name);
    if (std::any_of(before->second.begin(), before->second.end(), closes)) return true;
    way.pop_back();
    return false;
  };
  for (const auto& [name, unused] : after) {
    if (closes(name)) return way;
  }
  return {};
}

std::vector<std::size_t> order_of(const std::vector<std::string>& names, const After& after) {
  std::vector<std::size_t> order;
  std::set<std::size_t> placed;
  const std::function<void(std::size_t)> place = [&](std::size_t index) {
    if (!placed.insert(index).second) return;
    if (const auto before = after.find(names[index]); before != after.end()) {
      for (const std::string& name : before->second) {
        const auto found = std::find(names.begin(), names.end(), name);
        if (found != names.end()) place(static_cast<std::size_t>(found - names.begin()));
      }
    }
    order.push_back(index);
  };
  for (std::size_t i = 0; i < names.size(); ++i) place(i);
  return order;
}

}  // namespace sealift::release
