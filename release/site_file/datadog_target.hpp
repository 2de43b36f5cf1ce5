// SPDX-License-Identifier: Apache-2.0
#pragma once

// What site.yaml says of a target with the driver datadog: which of Datadog's sites, and the
// secrets that are keys of our organisation there.

#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

// Where the API of one of Datadog's sites is: "https://api.datadoghq.eu".
std::string datadog_api(const std::string& site);

struct DatadogTarget {
  std::string site;             // "datadoghq.eu"
  std::string api;              // where its API is; empty: https://api.SITE
  std::string key;              // the key of a secret: the API key
  std::string application_key;  // the same of the application key
  std::string ca;               // a file of certificates; empty: the system's
  bool insecure = false;        // may be spoken to without TLS

  // The API's address.
  std::string place() const;
  friend bool operator==(const DatadogTarget&, const DatadogTarget&) = default;
};

// Of a target that has passed the schema.
DatadogTarget read_datadog_target(const Json& value);
// What the schema cannot say.
std::vector<std::string> datadog_mistakes(const DatadogTarget& target);

// As placements keep it; nothing in it is secret. Strict; Error{corrupt}.
Json to_json(const DatadogTarget& target);
DatadogTarget datadog_target_from_json(const Json& value, const std::string& where);

}  // namespace sealift::release
