// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is done to the objects of one component in its namespace. Everything may be repeated: an
// object that is there is changed to what it should be, one that is gone stays gone. Nothing is
// ever removed that does not carry the component's label.

#include <set>
#include <string>
#include <vector>

#include "installer/drivers/kubectl/kubectl.hpp"
#include "installer/drivers/kubernetes/readiness.hpp"

namespace sealift::installer {

using References = std::vector<kubernetes::Reference>;

// Whether objects come with who has set which of their fields.
enum class Managers { hidden, shown };

// What happens where another manager has set a field that is ours to set.
enum class Conflicts {
  refused,
  won  // on the way back, when the field was ours a moment ago
};

class Cluster {
 public:
  // `settings` outlive it.
  explicit Cluster(const KubernetesSettings& settings) : kubectl_(settings), settings_(settings) {}

  // Bodies from now on have the values of their secrets, which no message tells.
  void hide(std::string_view secret) { kubectl_.hide(secret); }
  void be_patient() { kubectl_.be_patient(std::chrono::seconds(settings_.timeout)); }

  // Adds everything that the server would refuse to `problems`, by object; nothing changes.
  void try_out(const std::vector<Json>& bodies, Problems& problems) const;
  // What the server says against applying them, in its words; empty: nothing. Nothing changes.
  // Error{target_failed} where it does not answer.
  std::string refusal_of(const std::vector<Json>& bodies, Conflicts conflicts) const;
  // Objects that are there and are not ours, which are added to `problems`.
  References find_strangers(const std::vector<Json>& bodies, Problems& problems) const;
  // With the inventory of `members` before all others.
  void apply(const References& members, const std::vector<Json>& bodies, Conflicts conflicts) const;
  // What they would be if they were applied, as the server says it.
  Objects merged(const std::vector<Json>& bodies) const;
  // The component's own objects of these kinds, whoever has changed them since, in the versions
  // that the server prefers: it may no longer have those of the release before.
  Objects own(const References& kinds) const;
  // The same in the versions of the references, with the ReplicaSets and pods that they have made.
  Objects own_and_made(const References& kinds, Managers managers = Managers::hidden) const;
  // Removes those of `members` that are ours and waits until they are gone; never what holds data.
  void remove(const References& members) const;
  // Has a pod made again by its controller; the end of the old one is not waited for.
  void remove_pod(const std::string& name) const;
  // What of the component the server has of these kinds, beside `kept`, but for what holds data.
  References others(const References& kinds, const References& kept) const;
  // Has one object in the namespace stand for all members.
  void put_inventory(const References& members) const;
  void remove_inventory() const;
  // The last that the server and the container have to say of what does not run; empty: nothing.
  std::string last_words(const Json& object, const ObjectComplaint& complaint) const;

  const Kubectl& kubectl() const { return kubectl_; }

 private:
  // Those of take_over by a call of their own.
  Outcome apply_words(const std::vector<Json>& bodies, Kubectl::Words more,
                      Conflicts conflicts) const;
  void demand_applied(const std::vector<Json>& bodies, Conflicts conflicts) const;
  Objects labelled(const std::set<std::string>& resources, const char* label,
                   Kubectl::Words more = {}) const;

  Kubectl kubectl_;
  const KubernetesSettings& settings_;
};

References references_of(const std::vector<ObjectSettings>& objects);
// Whether one of `all` is that object.
bool is_one_of(const kubernetes::Reference& reference, const References& all);
// The one of `all` that a reference means; null: none.
const Json* find_object(const kubernetes::Reference& reference, const Objects& all);
// Those of `some` that `others` lack.
References without(const References& some, const References& others);
// Whether objects of a kind hold data, and are kept whatever goes.
bool holds_data(const kubernetes::Reference& reference);

}  // namespace sealift::installer
