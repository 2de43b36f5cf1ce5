// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/s3_target.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

namespace {

constexpr const char* kCloudFront = "https://cloudfront.amazonaws.com";
constexpr const char* kRegion = "us-east-1";

std::vector<std::string> words_at(const Json& value, const char* key) {
  return value.value(key, std::vector<std::string>{});
}

Cdn read_cdn(const Json& value) {
  return {.cloudfront = text_at(value, "cloudfront"),
          .endpoint = value.value("endpoint", std::string(kCloudFront)),
          .exec = words_at(value, "exec"),
          .secrets = words_at(value, "secrets"),
          .base = text_at(value, "base")};
}

Json to_json(const Cdn& cdn) {
  return {{"cloudfront", cdn.cloudfront},
          {"endpoint", cdn.endpoint},
          {"exec", cdn.exec},
          {"secrets", cdn.secrets},
          {"base", cdn.base}};
}

Cdn cdn_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Cdn cdn{.cloudfront = fields.text("cloudfront"),
          .endpoint = fields.text("endpoint"),
          .exec = fields.texts("exec"),
          .secrets = fields.texts("secrets"),
          .base = fields.text("base")};
  fields.done();
  return cdn;
}

void check_keys(const std::vector<std::string>& keys, std::vector<std::string>& mistakes) {
  for (const std::string& key : keys) {
    if (!key.empty() && !is_value_name(key)) {
      // It may be the secret itself: it is not repeated.
      mistakes.emplace_back(
          "found text where the key of a secret is expected, in credentials or cdn");
    }
  }
}

}  // namespace

std::string S3Target::place() const {
  std::string text = format("{}/{}/{}", endpoint, bucket, prefix);
  text.pop_back();
  return text;
}

bool S3Target::overlaps(const S3Target& other) const {
  return endpoint == other.endpoint && bucket == other.bucket &&
         (prefix.starts_with(other.prefix) || other.prefix.starts_with(prefix));
}

S3Target read_s3_target(const Json& value) {
  S3Target target{.endpoint = text_at(value, "endpoint"),
                  .bucket = text_at(value, "bucket"),
                  .prefix = text_at(value, "prefix"),
                  .region = value.value("region", std::string(kRegion)),
                  .style = value.value("style", std::string("path")),
                  .credentials = {},
                  .cdn = {},
                  .ca = text_at(value, "ca"),
                  .insecure = value.value("insecure", false)};
  if (!target.prefix.empty() && !target.prefix.ends_with('/')) target.prefix += '/';
  while (target.endpoint.ends_with('/')) target.endpoint.pop_back();
  if (const auto who = value.find("credentials"); who != value.end()) {
    target.credentials = {.key_id = text_at(*who, "key_id"),
                          .secret = text_at(*who, "secret"),
                          .token = text_at(*who, "token"),
                          .process = words_at(*who, "process")};
  }
  if (const auto cdn = value.find("cdn"); cdn != value.end()) target.cdn = read_cdn(*cdn);
  return target;
}

std::vector<std::string> s3_mistakes(const S3Target& target) {
  std::vector<std::string> mistakes;
  if (target.endpoint.empty()) mistakes.emplace_back("found no endpoint, which s3 needs");
  if (target.bucket.empty()) mistakes.emplace_back("found no bucket, which s3 needs");
  if (!target.prefix.empty()) {
    try {
      RelPath::parse(target.prefix.substr(0, target.prefix.size() - 1));
    } catch (const Error& error) {
      mistakes.push_back("prefix: " + error.message());
    }
  }
  const S3Credentials& who = target.credentials;
  if (who.key_id.empty() != who.secret.empty()) {
    mistakes.emplace_back("credentials: found key_id or secret alone, expected both or neither");
  }
  if (!who.process.empty() && !(who.key_id + who.secret + who.token).empty()) {
    mistakes.emplace_back("credentials: found process beside others, expected one of them");
  }
  check_keys({who.secret, who.token}, mistakes);
  if (target.cdn) {
    if (target.cdn->cloudfront.empty() == target.cdn->exec.empty()) {
      mistakes.emplace_back("cdn: found both cloudfront and exec or none, expected one");
    }
    check_keys(target.cdn->secrets, mistakes);
  }
  return mistakes;
}

Json to_json(const S3Target& target) {
  const S3Credentials& who = target.credentials;
  Json value = {{"endpoint", target.endpoint}, {"bucket", target.bucket},
                {"prefix", target.prefix},     {"region", target.region},
                {"style", target.style},       {"keyId", who.key_id},
                {"secret", who.secret},        {"token", who.token},
                {"process", who.process},      {"ca", target.ca},
                {"insecure", target.insecure}};
  if (target.cdn) value["cdn"] = to_json(*target.cdn);
  return value;
}

S3Target s3_target_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  S3Target target{.endpoint = fields.text("endpoint"),
                  .bucket = fields.text("bucket"),
                  .prefix = fields.text("prefix"),
                  .region = fields.text("region"),
                  .style = fields.text("style"),
                  .credentials = {.key_id = fields.text("keyId"),
                                  .secret = fields.text("secret"),
                                  .token = fields.text("token"),
                                  .process = fields.texts("process")},
                  .cdn = {},
                  .ca = fields.text("ca"),
                  .insecure = fields.flag("insecure")};
  if (const Json* cdn = fields.value_if("cdn")) target.cdn = cdn_from_json(*cdn, fields.at("cdn"));
  fields.done();
  return target;
}

}  // namespace sealift::release
