// SPDX-License-Identifier: Apache-2.0
#include "builder/sentry/artifact_bundle.hpp"

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/little_endian.hpp"
#include "base/text.hpp"
#include "content/zip.hpp"

namespace sealift::builder {

namespace {

constexpr std::string_view kMagic = "SYSB";
constexpr std::uint32_t kVersion = 2;

// "~/a.js" lies in "files/_/_/a.js", "https://b/a.js" in "files/https/b/a.js".
std::string place_of(const std::string& url) {
  if (url.starts_with("~/")) return "files/_/_" + url.substr(1);
  std::string path = url;
  replace_all(path, "://", "/");
  return "files/" + path;
}

// Names of headers in lower case, as Sentry reads them.
Json described(const SentryFile& file) {
  const bool is_script = file.sort == SentryFile::Sort::script;
  Json headers = Json::object();
  if (!file.debug_id.empty()) headers["debug-id"] = file.debug_id;
  if (!file.source_map.empty()) headers["sourcemap"] = file.source_map;
  return {{"type", is_script ? "minified_source" : "source_map"},
          {"url", file.url},
          {"headers", std::move(headers)}};
}

// Sentry knows bundles by an id. Ours follows from all that is in it.
std::string id_of(const std::string& manifest, const std::vector<SentryFile>& files) {
  Hasher hasher;
  hasher.update(manifest);
  for (const SentryFile& each : files) hasher.update(Digest::of(each.content).hex());
  const std::string hex = hasher.finish().hex();
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20, 12);
}

}  // namespace

std::string artifact_bundle(const std::vector<SentryFile>& files, const SentryRelease& release) {
  std::string begin(kMagic);
  put_little(begin, kVersion);
  content::ZipWriter zip(std::move(begin));
  Json rows = Json::object();
  for (const SentryFile& each : files) {
    rows[place_of(each.url)] = described(each);
    zip.add(place_of(each.url), each.content);
  }
  Json manifest = {
      {"files", std::move(rows)}, {"org", release.organization}, {"release", release.name}};
  // With several, each is told when the bundle is assembled.
  if (release.projects.size() == 1) manifest["project"] = release.projects.front();
  if (!release.dist.empty()) manifest["dist"] = release.dist;
  manifest["debug_id"] = id_of(to_canonical(manifest), files);
  zip.add("manifest.json", to_canonical(manifest));
  return zip.finish();
}

}  // namespace sealift::builder
