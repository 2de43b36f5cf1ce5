// SPDX-License-Identifier: Apache-2.0
#include "release/text/json_schema.hpp"

#include <mutex>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace sealift::release {

namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// valijson's context, "<root>" "[components]" "[2]", as parts.
std::vector<std::string> parts_of(const std::vector<std::string>& context) {
  std::vector<std::string> parts;
  for (std::size_t i = 1; i < context.size(); ++i) {
    parts.push_back(context[i].substr(1, context[i].size() - 2));
  }
  return parts;
}

}  // namespace

struct JsonSchema::Compiled {
  valijson::Schema schema;
  std::mutex guard;  // of the validator, which keeps the patterns that it has compiled
  valijson::Validator validator{valijson::Validator::kStrongTypes};
};

JsonSchema::JsonSchema(const Json& rules) : compiled_(std::make_unique<Compiled>()) {
  const auto source = nlohmann::json::parse(rules.dump());
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(Adapter(source), compiled_->schema);
}

JsonSchema::~JsonSchema() = default;

std::vector<SchemaError> JsonSchema::errors(const Json& document) const {
  const auto target = nlohmann::json::parse(document.dump());
  valijson::ValidationResults results;
  std::vector<SchemaError> errors;
  {
    const std::lock_guard lock(compiled_->guard);
    if (compiled_->validator.validate(compiled_->schema, Adapter(target), &results)) return errors;
  }
  valijson::ValidationResults::Error error;
  while (results.popError(error)) errors.push_back({parts_of(error.context), error.description});
  return errors;
}

}  // namespace sealift::release
