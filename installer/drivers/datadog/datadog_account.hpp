// SPDX-License-Identifier: Apache-2.0
#pragma once

// The objects of one component in an organisation at Datadog: those that have its mark, and those
// whose ids the site has kept. Nothing else is ever changed. Everything here may be repeated.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "installer/driver/difference.hpp"
#include "installer/drivers/datadog/datadog_api.hpp"
#include "installer/drivers/datadog/datadog_inventory.hpp"
#include "installer/drivers/datadog/datadog_settings.hpp"

namespace sealift::installer {

// Whether an object goes that others still refer to, such as a monitor in an SLO of somebody's.
enum class Removal {
  refused,  // as the server has it
  forced    // on the way back, which must not stop there
};

class DatadogAccount {
 public:
  using Families = std::set<observability::Family>;

  // Asks the server what is ours, of the families `used` and those that the site has ids of: keys
  // may have no right to others, and a product of Datadog may not be bought.
  DatadogAccount(const DatadogSettings& settings, const Families& used, const DatadogKeys& keys,
                 const fs::path& state);

  // Lets an object be there as its file says; its id. References become ids, and must have been put
  // before.
  std::string put(const observability::Object& object);
  // Removes what is ours and was not put, dashboards first.
  void remove_others(Removal removal);
  // How what is there differs from these objects.
  std::vector<Difference> differences(const std::vector<observability::Object>& objects);

 private:
  using Family = observability::Family;

  // Those of the server's list that have our mark.
  std::vector<OwnedObject> find_marked(Family family);
  const OwnedObject* find(Family family, const std::string& hash) const;
  // Nothing where the server has no such object.
  std::optional<Json> read_object(Family family, const std::string& id);
  // As it is sent: with ids for references, and our mark.
  Json body_of(const observability::Object& object) const;
  std::string create(const observability::Object& object, const std::string& hash,
                     const Json& body);
  // Whether it is gone; false where another object refers to it. `said`: what the server says then.
  bool remove(const OwnedObject& object, Removal removal, DatadogApi::Answer& said);
  // Both write the inventory, where it changes.
  void own(const OwnedObject& object);
  void forget(const OwnedObject& object);
  // With a warning where it cannot be written.
  void write_inventory() const;

  std::string mark_;
  DatadogApi api_;
  DatadogInventory inventory_;
  std::vector<OwnedObject> owned_;
  std::set<std::string> put_;  // families and ids
};

}  // namespace sealift::installer
