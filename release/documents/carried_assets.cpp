// SPDX-License-Identifier: Apache-2.0
#include "release/documents/carried_assets.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/base64.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kAlgorithm = "sha384-";
constexpr std::size_t kDigestBytes = 48;

void check_integrity(const std::string& text) {
  if (!text.starts_with(kAlgorithm) ||
      signing::from_base64(text.substr(kAlgorithm.size())).size() != kDigestBytes) {
    throw Error(Errc::corrupt, format("found \"{}\", expected sha384- and 48 bytes in Base64",
                                      printable(text, 80)));
  }
}

}  // namespace

Json to_json(const CarriedAssets& assets) {
  Json value = Json::object();
  if (!assets.serving.rules().empty()) value["serve"] = to_json(assets.serving);
  if (assets.keep_previous > 0) value["keepPrevious"] = assets.keep_previous;
  if (!assets.integrity.empty()) value["integrity"] = assets.integrity;
  return value;
}

CarriedAssets carried_assets_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  CarriedAssets assets;
  if (fields.value_if("serve") != nullptr) {
    assets.serving = serving_from_json(fields.array("serve"), fields.at("serve"));
  }
  assets.keep_previous = fields.number_if("keepPrevious").value_or(0);
  if (assets.keep_previous > kMaxKeptReleases) {
    fields.refuse("keepPrevious",
                  format("found {}, expected at most {}", assets.keep_previous, kMaxKeptReleases));
  }
  if (fields.value_if("integrity") != nullptr) {
    const Json& listed = fields.object("integrity");
    if (listed.size() > kMaxIntegrityRows) {
      fields.refuse("integrity",
                    format("found {}, expected at most {}", listed.size(), kMaxIntegrityRows));
    }
    Fields rows(listed, fields.at("integrity"));
    for (const auto& each : listed.items()) {
      const std::string& path = each.first;
      const std::string at = rows.at(printable(path, 200));
      std::string digest = rows.text(path.c_str());
      while_reading(at, [&] {
        RelPath::parse(path);
        check_integrity(digest);
      });
      assets.integrity.emplace(path, std::move(digest));
    }
  }
  fields.done();
  return assets;
}

Json integrity_rows(const CarriedAssets& assets) {
  Json rows = Json::array();
  for (const auto& [path, digest] : assets.integrity) {
    rows.push_back({{"path", path}, {"integrity", digest}});
  }
  return rows;
}

std::string integrity_name(const std::string& component) {
  return "integrity." + component;
}

std::string serve_name(const std::string& component) {
  return "serve." + component;
}

}  // namespace sealift::release
