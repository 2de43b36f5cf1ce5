// SPDX-License-Identifier: Apache-2.0
#include "signing/statement.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"

namespace sealift::signing {

namespace {
constexpr std::string_view kType = "https://in-toto.io/Statement/v1";
}  // namespace

std::string to_text(const Statement& statement) {
  Json predicate = {{"name", statement.name},
                    {"version", statement.version},
                    {"environments", statement.environments},
                    {"created", to_text(statement.created)},
                    {"summary", statement.summary}};
  if (!statement.source_revision.empty()) predicate["sourceRevision"] = statement.source_revision;
  const Json subject = {{"name", statement.name},
                        {"digest", {{"sha256", statement.release.hex()}}}};
  return to_pretty({{"_type", kType},
                    {"subject", Json::array({subject})},
                    {"predicateType", kPredicateType},
                    {"predicate", std::move(predicate)}});
}

Statement parse_statement(std::string_view text, const std::string& where) {
  if (text.size() > kMaxStatementBytes) {
    throw Error(Errc::corrupt, format("{}: found {} bytes, expected at most {}", where, text.size(),
                                      kMaxStatementBytes));
  }
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("_type", kType);
  fields.constant("predicateType", kPredicateType);
  const Json& subjects = fields.array("subject");
  if (subjects.size() != 1) {
    fields.refuse("subject", format("found {} subjects, expected one", subjects.size()));
  }
  Fields subject(subjects[0], fields.at("subject[0]"));
  Fields digest(subject.object("digest"), subject.at("digest"));
  Fields predicate(fields.object("predicate"), fields.at("predicate"));
  const std::string created = predicate.text("created");
  const std::string hex = digest.text("sha256");
  Statement statement{
      .name = subject.text("name"),
      .release = while_reading(digest.at("sha256"), [&] { return Digest::from_hex(hex); }),
      .version = predicate.text("version"),
      .environments = predicate.texts("environments"),
      .created = while_reading(predicate.at("created"), [&] { return parse_time(created); }),
      .source_revision = predicate.text_if("sourceRevision").value_or(""),
      .summary = predicate.texts("summary")};
  if (text != to_text(statement)) {
    throw Error(Errc::corrupt, format("{}: found a spelling that is not the canonical one", where));
  }
  return statement;
}

}  // namespace sealift::signing
