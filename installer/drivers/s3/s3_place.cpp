// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_place.hpp"

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "net/url.hpp"
#include "release/documents/file_table.hpp"
#include "release/site_file/site.hpp"
#include "s3/credentials.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxNote = 4096;  // bytes of a marker, or of `current`
constexpr std::uint64_t kMaxInventory = release::kMaxFileTableBytes;
// Who asks `status` waits for each attempt.
constexpr std::chrono::seconds kConnectLimit{10};
const net::Headers kOurs = {{"cache-control", "no-store"}, {"content-type", "application/json"}};

struct Marker {
  std::string site;
  std::string target;
};

Json to_json(const Marker& marker) {
  return {{"schema", 1}, {"site", marker.site}, {"target", marker.target}};
}

Marker marker_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("schema", 1);
  Marker marker{.site = fields.text("site"), .target = fields.text("target")};
  fields.done();
  return marker;
}

// What waits for the next attempt.
struct Attempt {
  std::string directory;
  std::string current;  // when it was taken back
};

Json to_json(const Attempt& attempt) {
  return {{"directory", attempt.directory}, {"current", attempt.current}};
}

Attempt attempt_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Attempt attempt{.directory = fields.text("directory"), .current = fields.text("current")};
  fields.done();
  return attempt;
}

std::optional<Marker> marker_at(s3::Bucket& bucket, const S3Keys& keys) {
  const std::optional<std::string> text = bucket.get(keys.marker(), kMaxNote);
  if (!text) return std::nullopt;
  return marker_from_json(parse_json(*text, keys.marker()), keys.marker());
}

// "", "a/", "a/b/" of "a/b/c/".
std::vector<std::string> prefixes_around(const std::string& prefix) {
  std::vector<std::string> around;
  if (!prefix.empty()) around.emplace_back();
  for (std::size_t at = prefix.find('/'); at + 1 < prefix.size(); at = prefix.find('/', at + 1)) {
    around.push_back(prefix.substr(0, at + 1));
  }
  return around;
}

}  // namespace

PrefixOwner S3Place::owner(const std::string& site, const std::string& as) const {
  const auto refuse = [&](const std::string& prefix, const Marker& marker) {
    throw Error(
        Errc::incompatible,
        format("target {}: the prefix \"{}\" of the bucket {} is managed by the site {} as "
               "its target {}",
               as, prefix, target.bucket, printable(marker.site, 80), printable(marker.target, 80)),
        "give this target a prefix of its own in site.yaml");
  };
  const std::optional<Marker> marker = marker_at(*bucket, keys);
  if (marker && (marker->site != site || marker->target != as)) refuse(keys.prefix, *marker);
  if (marker) return PrefixOwner::us;
  for (const std::string& prefix : prefixes_around(keys.prefix)) {
    if (const auto around = marker_at(*bucket, {prefix})) refuse(prefix, *around);
  }
  if (const auto first = bucket->list(keys.prefix, 1); !first.empty()) {
    throw Error(Errc::incompatible,
                format("target {}: {} holds {}, which sealift did not put there", as,
                       target.place(), printable(first.front().key, 200)),
                "use an empty prefix, or move away what is there");
  }
  return PrefixOwner::nobody;
}

void S3Place::mark(const std::string& site, const std::string& as) const {
  const std::string text = to_canonical(to_json(Marker{.site = site, .target = as}));
  if (bucket->put_new(keys.marker(), text, kOurs)) return;
  throw Error(Errc::busy, format("{}: another site has taken it a moment ago", target.place()),
              "run it again to see which");
}

std::string S3Place::current() const {
  return bucket->get(keys.current(), kMaxNote).value_or("");
}

void S3Place::set_current(const std::string& directory) const {
  if (directory.empty()) {
    bucket->remove(keys.current());
  } else {
    bucket->put(keys.current(), directory, kOurs);
  }
}

void S3Place::note_attempt(const std::string& directory) const {
  const Attempt attempt{.directory = directory, .current = current()};
  bucket->put(keys.attempt(), to_canonical(to_json(attempt)), kOurs);
}

std::string S3Place::attempt() const {
  const std::optional<std::string> text = bucket->get(keys.attempt(), kMaxNote);
  if (!text) return "";
  const Attempt attempt = attempt_from_json(parse_json(*text, keys.attempt()), keys.attempt());
  return attempt.current == current() ? attempt.directory : "";
}

std::optional<S3Objects> S3Place::inventory(const std::string& directory) const {
  const std::string at = keys.inventory(directory);
  const std::optional<std::string> text = bucket->get(at, kMaxInventory);
  return text ? std::optional(objects_from_inventory(*text, at)) : std::nullopt;
}

std::map<std::string, S3Objects> S3Place::inventories() const {
  std::map<std::string, S3Objects> all;
  const std::string folder = keys.releases();
  for (const s3::Listed& each : bucket->list(folder)) {
    const std::string_view rest = std::string_view(each.key).substr(folder.size());
    const std::size_t slash = rest.find('/');
    if (slash == rest.npos || rest.substr(slash) != kFilesName) continue;
    const std::string directory = format("releases/{}", rest.substr(0, slash));
    if (auto objects = inventory(directory)) all.emplace(directory, std::move(*objects));
  }
  return all;
}

void S3Place::keep(const std::string& directory, const S3Objects& objects) const {
  bucket->put(keys.inventory(directory), to_inventory(objects), kOurs);
}

std::map<std::string, s3::Listed> S3Place::listed() const {
  std::map<std::string, s3::Listed> all;
  for (s3::Listed& each : bucket->list(keys.prefix)) all.emplace(each.key, each);
  return all;
}

// A store answers where it is asked: a redirect would need another signature.
net::HttpSettings S3Place::http() const {
  net::HttpSettings settings{.ca_file = target.ca, .insecure = {}};
  settings.redirects = 0;
  settings.connect_limit = kConnectLimit;
  if (target.insecure) {
    const std::string authority = net::Url::parse(target.endpoint).authority();
    settings.insecure = {authority, format("{}.{}", target.bucket, authority)};
  }
  return settings;
}

// A site.yaml that cannot be read now is no reason to bar the way back.
std::pair<std::string, release::S3Target> S3Access::as_said_now(
    const release::S3Target& target) const {
  try {
    for (const auto& [name, each] : release::load_site(site_yaml_).targets) {
      if (each.s3 && each.s3->place() == target.place()) return {name, *each.s3};
    }
  } catch (const Error&) {
    return {"", target};
  }
  return {"", target};
}

std::shared_ptr<const s3::AccessKey> S3Access::key_of(const release::S3Credentials& who,
                                                      Content* content) const {
  const std::string name =
      format("{}\n{}\n{}\n{}", who.key_id, who.secret, who.token, joined(who.process, "\n"));
  const std::lock_guard guard(mutex_);
  std::shared_ptr<const s3::AccessKey>& known = keys_[name];
  if (known) return known;
  if (!who.process.empty()) {
    known = s3::key_from_process(who.process);
  } else if (who.key_id.empty()) {
    known = s3::key_from_environment();
  } else if (content != nullptr) {
    std::string secret(content->secret(who.secret).view());
    std::string token(who.token.empty() ? "" : content->secret(who.token).view());
    known = s3::make_key(who.key_id, secret, token, "credentials");
  }
  return known;
}

std::optional<S3Place> S3Access::open(const release::S3Target& target, Content* content) const {
  auto [name, now] = as_said_now(target);
  S3Place place{.name = std::move(name),
                .target = std::move(now),
                .keys = {target.prefix},
                .key = {},
                .bucket = {}};
  place.key = key_of(place.target.credentials, content);
  if (!place.key) return std::nullopt;
  const s3::Style style = place.target.style == "host" ? s3::Style::host : s3::Style::path;
  place.bucket = std::make_unique<s3::Bucket>(s3::Place{.endpoint = place.target.endpoint,
                                                        .bucket = place.target.bucket,
                                                        .region = place.target.region,
                                                        .style = style},
                                              place.http(), place.key, clock_);
  return place;
}

}  // namespace sealift::installer
