// SPDX-License-Identifier: Apache-2.0
#include "observability/order.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/format.hpp"
#include "observability/references.hpp"

namespace sealift::observability {

namespace {

class Ordering {
 public:
  Ordering(std::vector<Object> objects, Problems& mistakes)
      : objects_(std::move(objects)), states_(objects_.size()), mistakes_(mistakes) {
    std::sort(objects_.begin(), objects_.end(), [](const Object& a, const Object& b) {
      return std::tie(a.family, a.name) < std::tie(b.family, b.name);
    });
    for (std::size_t i = 0; i < objects_.size(); ++i) places_.emplace(objects_[i].name, i);
  }

  std::vector<Object> order() {
    for (std::size_t i = 0; i < objects_.size(); ++i) visit(i);
    std::vector<Object> ordered;
    ordered.reserve(order_.size());
    for (const std::size_t each : order_) ordered.push_back(std::move(objects_[each]));
    return ordered;
  }

 private:
  enum class State { unseen, begun, placed };

  // Depth first; as deep as there are objects at most, of which there are few.
  void visit(std::size_t index) {
    if (states_[index] != State::unseen) return;
    states_[index] = State::begun;
    const Object& object = objects_[index];
    if (is_of_datadog(object.family)) {
      for (const Reference& each : references_in(object.body)) {
        const auto other = places_.find(each.name);
        if (other == places_.end()) continue;  // said elsewhere
        if (states_[other->second] == State::begun) {
          mistakes_.add(format("{}: refers to {}, which refers to it", object.file, each.name),
                        "neither could be created first");
        }
        visit(other->second);
      }
    }
    states_[index] = State::placed;
    order_.push_back(index);
  }

  std::vector<Object> objects_;
  std::vector<State> states_;
  Problems& mistakes_;
  std::map<std::string, std::size_t> places_;
  std::vector<std::size_t> order_;
};

}  // namespace

std::vector<Object> in_order(std::vector<Object> objects, Problems& mistakes) {
  return Ordering(std::move(objects), mistakes).order();
}

}  // namespace sealift::observability
