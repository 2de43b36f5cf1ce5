// SPDX-License-Identifier: Apache-2.0
#include "installer/site_archive/manifest.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/dsse.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kForm = 1;

Json to_json(const ArchivedFile& file) {
  Json value = {{"name", file.name}, {"digest", file.digest.str()}, {"bytes", file.bytes}};
  if (!file.archive.empty()) {
    value["archive"] = file.archive;
    value["member"] = file.member;
  }
  if (file.dump) value["dump"] = file.dump->str();
  return value;
}

// What becomes a path: one component behind the folder, and nothing that leads elsewhere.
void check_name(const std::string& name, Fields& fields, const char* key) {
  std::string_view rest = name;
  for (const std::string_view folder : {kArchivedBundles, kArchivedBackups}) {
    if (name.starts_with(folder)) rest.remove_prefix(folder.size());
  }
  if (rest.empty() || rest.front() == '.' || rest.find('/') != rest.npos || rest.size() > 255 ||
      std::any_of(rest.begin(), rest.end(), [](unsigned char c) { return c < ' ' || c == 127; })) {
    fields.refuse(key, format("found \"{}\", expected the name of a file", printable(name, 80)));
  }
}

ArchivedFile file_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ArchivedFile file{.name = fields.text("name"),
                    .digest = fields.digest("digest"),
                    .bytes = fields.number("bytes")};
  check_name(file.name, fields, "name");
  if (const auto archive = fields.text_if("archive")) {
    file.archive = *archive;
    file.member = fields.text("member");
    check_name(file.archive, fields, "archive");
    check_name(file.member, fields, "member");
  }
  if (fields.value_if("dump") != nullptr) file.dump = fields.digest("dump");
  fields.done();
  return file;
}

SiteManifest manifest_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  if (const std::uint64_t form = fields.number("form"); form != kForm) {
    throw Error(Errc::incompatible,
                format("{}: found the form {}, this program reads {}", where, form, kForm),
                "restore with the sealift-installer that wrote the archive, or a newer one");
  }
  SiteManifest manifest{.id = fields.text("id"),
                        .site = fields.text("site"),
                        .release = fields.text("release"),
                        .environment = fields.text("environment"),
                        .title = fields.text("title"),
                        .previous = fields.text("previous"),
                        .made = fields.time("made"),
                        .program = fields.text("program"),
                        .audit_lines = fields.number("auditLines"),
                        .audit_head = fields.text("auditHead"),
                        .recipients = fields.texts("recipients"),
                        .key = signing::PublicKey::from_tuf(fields.object("key"), where),
                        .files = {}};
  for (const Json& each : fields.array("files")) {
    ArchivedFile file = file_from_json(each, format("{}: files", where));
    if (manifest.file(file.name) != nullptr) {
      fields.refuse("files", format("found {} twice", printable(file.name, 80)));
    }
    manifest.files.push_back(std::move(file));
  }
  fields.done();
  return manifest;
}

}  // namespace

const ArchivedFile* SiteManifest::file(std::string_view name) const {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const ArchivedFile& each) { return each.name == name; });
  return found == files.end() ? nullptr : &*found;
}

Json to_json(const SiteManifest& manifest) {
  Json files = Json::array();
  for (const ArchivedFile& each : manifest.files) files.push_back(to_json(each));
  return {{"form", kForm},
          {"id", manifest.id},
          {"site", manifest.site},
          {"release", manifest.release},
          {"environment", manifest.environment},
          {"title", manifest.title},
          {"previous", manifest.previous},
          {"made", to_text(manifest.made)},
          {"program", manifest.program},
          {"auditLines", manifest.audit_lines},
          {"auditHead", manifest.audit_head},
          {"recipients", manifest.recipients},
          {"key", manifest.key.to_tuf()},
          {"files", std::move(files)}};
}

std::string sign_manifest(const SiteManifest& manifest, const signing::Signer& signer) {
  const std::string payload = to_canonical(to_json(manifest));
  return to_text(signing::sign(kSiteArchiveType, payload, signer)) + "\n";
}

SiteManifest open_manifest(std::string_view text, const std::string& where) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const signing::Envelope envelope = signing::parse_envelope(text, where);
  if (envelope.payload_type != kSiteArchiveType) {
    throw Error(Errc::corrupt, format("{}: found a document of the type {}, expected {}", where,
                                      printable(envelope.payload_type, 80), kSiteArchiveType));
  }
  SiteManifest manifest = manifest_from_json(parse_json(envelope.payload, where), where);
  const std::string message = signing::pae(envelope.payload_type, envelope.payload);
  if (envelope.signatures.size() != 1 ||
      !manifest.key.verifies(message, envelope.signatures.front().bytes)) {
    throw Error(Errc::untrusted, format("{}: the key that it names did not sign it", where),
                "it was altered: take another archive");
  }
  // One spelling, so that no byte of an archive can be changed unseen.
  if (envelope.signatures.front().key_id != manifest.key.id() || to_text(envelope) != text) {
    throw Error(Errc::corrupt, format("{}: found another spelling of it than ours", where),
                "it was altered: take another archive");
  }
  return manifest;
}

}  // namespace sealift::installer
