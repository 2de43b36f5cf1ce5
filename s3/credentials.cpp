// SPDX-License-Identifier: Apache-2.0
#include "s3/credentials.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"

namespace sealift::s3 {

namespace {

std::string variable_or_empty(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::shared_ptr<const AccessKey> make_key(std::string id, std::string& secret, std::string& token,
                                          const std::string& where) {
  id = trimmed(id, " \t\r\n");
  std::string plain(trimmed(secret, " \t\r\n"));
  std::string session(trimmed(token, " \t\r\n"));
  signing::wipe(secret);
  signing::wipe(token);
  if (id.empty() || plain.empty() || !is_visible(id) || !is_visible(session) ||
      id.find_first_of("/,") != id.npos) {
    signing::wipe(plain);
    signing::wipe(session);
    throw Error(Errc::incompatible,
                format("{}: found no access key and secret of one line each", where),
                "see credentials in docs/s3.md");
  }
  auto key = std::make_shared<AccessKey>(
      AccessKey{.id = std::move(id), .secret = signing::Secret::taken_from(plain)});
  if (!session.empty()) key->token = signing::Secret::taken_from(session);
  return key;
}

std::shared_ptr<const AccessKey> key_from_environment() {
  std::string id = variable_or_empty("AWS_ACCESS_KEY_ID");
  std::string secret = variable_or_empty("AWS_SECRET_ACCESS_KEY");
  std::string token = variable_or_empty("AWS_SESSION_TOKEN");
  if (id.empty() || secret.empty()) {
    signing::wipe(secret);
    throw Error(Errc::incompatible,
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and site.yaml says no "
                "other credentials",
                "set both, or add credentials to this target in site.yaml");
  }
  return make_key(std::move(id), secret, token, "the environment");
}

std::shared_ptr<const AccessKey> key_from_json(std::string_view text, const std::string& where) {
  Json value;
  try {
    value = parse_json(text, where, Errc::incompatible);
  } catch (const Error&) {
    // The message could quote it.
    throw Error(Errc::incompatible, format("{}: found no JSON", where),
                "it must print what AWS's credential_process prints");
  }
  std::string secret = text_at(value, "SecretAccessKey");
  std::string token = text_at(value, "SessionToken");
  return make_key(text_at(value, "AccessKeyId"), secret, token, where);
}

std::shared_ptr<const AccessKey> key_from_process(const std::vector<std::string>& command) {
  const std::string where = printable(command.front(), 200);
  std::optional<Outcome> outcome = run({.arguments = command, .folder = "/", .input = {}});
  if (!outcome) {
    throw Error(Errc::incompatible, format("credentials: {}: was not found", where),
                "correct credentials.process in site.yaml");
  }
  if (outcome->status != 0) {
    throw Error(Errc::incompatible,
                format("credentials: {}: ended with status {}", where, outcome->status),
                "run it by hand to see what it says");
  }
  auto key = key_from_json(outcome->output, where);
  signing::wipe(outcome->output);
  return key;
}

}  // namespace sealift::s3
