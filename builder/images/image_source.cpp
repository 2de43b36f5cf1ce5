// SPDX-License-Identifier: Apache-2.0
#include "builder/images/image_source.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "builder/images/image_signatures.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

using release::ImageTransport;

// How long an engine may do nothing while it writes an image. An engine packs a large layer before
// it writes a byte.
constexpr std::chrono::minutes kEngineIdle{10};

// Read once from its beginning: an archive may come out of a pipe as well.
std::unique_ptr<ImageSource> archive_file(const fs::path& file, ArchiveForm form,
                                          Absorber& absorber) {
  const Fd fd = open_for_reading(file);
  FdSource source(fd.get(), file.string());
  return image_archive(source, file.string(), form, absorber);
}

std::unique_ptr<ImageSource> saved_by(const std::vector<std::string>& command, ArchiveForm form,
                                      Absorber& absorber) {
  ProgramSource program({.arguments = command, .folder = {}, .input = {}, .timeout = kEngineIdle});
  const std::string name = joined(command, " ");
  std::unique_ptr<ImageSource> source;
  std::optional<Error> failure;
  try {
    source = image_archive(program, name, form, absorber);
  } catch (const Error& error) {
    failure = error;
  }
  // What the engine says is a better reason than that its archive is empty.
  if (const Outcome outcome = program.finish(); outcome.status != 0) {
    throw Error(Errc::invalid_input,
                format("{}: ended with status {}: {}", name, outcome.status,
                       printable(outcome.error_output, 400)),
                "check that the engine runs and has this image");
  }
  if (failure) throw *failure;
  return source;
}

// Podman has images of both forms, and rewrites the configuration of one that is saved in the
// other: its id would not be what it was.
std::unique_ptr<ImageSource> saved_by_podman(const std::string& name, Absorber& absorber) {
  const auto kind =
      run({.arguments = {"podman", "image", "inspect", "--format", "{{.ManifestType}}", name},
           .folder = {},
           .input = {},
           .timeout = kEngineIdle});
  const bool is_docker = kind && kind->output.starts_with(media_type::kDockerManifest);
  const std::string form = is_docker ? "docker-archive" : "oci-archive";
  return saved_by({"podman", "save", "--quiet", "--format", form, name},
                  is_docker ? ArchiveForm::docker : ArchiveForm::oci, absorber);
}

// What release.yaml says of that registry and no other.
net::HttpSettings settings_for(const std::string& host, const release::Release& release) {
  net::HttpSettings settings;
  const auto found = release.registries.find(host);
  if (found == release.registries.end()) return settings;
  if (!found->second.ca.empty()) settings.ca_file = release.folder / found->second.ca;
  if (found->second.insecure) settings.insecure.insert(host);
  return settings;
}

// By digest, by the name as it is written there, or by both names in full: "nginx" and
// "docker.io/library/nginx:latest" are one.
bool is_meant(const content::ImageIndexRow& row, const std::string& name) {
  const auto full = [](const std::string& text) {
    try {
      return content::ImageName::parse(text).str();
    } catch (const Error&) {
      return text;
    }
  };
  if (name == row.manifest.digest.str() || name == "@" + row.manifest.digest.str()) return true;
  return std::any_of(row.names.begin(), row.names.end(), [&](const std::string& each) {
    return each == name || full(each) == full(name);
  });
}

// Of cosign's rows those that are signatures and the like of an image, not one.
bool is_about_another(const content::ImageIndexRow& row) {
  if (row.cosign_kind.starts_with("dev.cosignproject.cosign/")) {
    return row.cosign_kind != "dev.cosignproject.cosign/image" &&
           row.cosign_kind != "dev.cosignproject.cosign/imageIndex";
  }
  return std::any_of(row.names.begin(), row.names.end(), [](const std::string& name) {
    const std::string tag = name.substr(name.rfind(':') + 1);
    return tag.starts_with("sha256-") && (tag.ends_with(".sig") || tag.ends_with(".att"));
  });
}

}  // namespace

content::Descriptor choose_image(std::string_view index, const std::string& name,
                                 const std::string& where) {
  std::optional<content::Descriptor> chosen;
  std::vector<std::string> names;
  for (const content::ImageIndexRow& row : content::parse_image_index(index, where)) {
    if (!row.manifest.artifact_type.empty() || is_about_another(row)) continue;
    names.insert(names.end(), row.names.begin(), row.names.end());
    if (!name.empty() && !is_meant(row, name)) continue;
    if (chosen && chosen->digest != row.manifest.digest) {
      throw Error(Errc::invalid_input,
                  format("{}: found more than one image{}", where,
                         name.empty() ? "" : format(" named \"{}\"", printable(name, 200))),
                  format("say which after a colon: {}", printable(joined(names), 400)));
    }
    chosen = row.manifest;
  }
  if (!chosen) {
    throw Error(Errc::invalid_input,
                name.empty()
                    ? format("{}: found no image", where)
                    : format("{}: found no image named \"{}\"", where, printable(name, 200)),
                names.empty() ? "" : format("there is: {}", printable(joined(names), 400)));
  }
  return *chosen;
}

std::vector<Companion> companions_in(std::string_view index, const Digest& image,
                                     const content::FetchDocument& document,
                                     const std::string& where) {
  // The words of the rows, and of the tags.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kKinds = {
      {{"dev.cosignproject.cosign/sigs", "sig"}, {"dev.cosignproject.cosign/atts", "att"}}};
  std::vector<Companion> found;
  for (const content::ImageIndexRow& row : content::parse_image_index(index, where)) {
    if (!content::is_image_manifest(row.manifest.media_type)) continue;
    std::string tag;
    for (const auto& [kind, what] : kKinds) {
      const std::string wanted = release::cosign_tag(image, what);
      const bool is_named = std::any_of(
          row.names.begin(), row.names.end(),
          [&](const std::string& name) { return name == wanted || name.ends_with(":" + wanted); });
      if (is_named || row.cosign_kind == kind) tag = wanted;
    }
    if (tag.empty() && row.manifest.artifact_type.empty()) continue;
    std::string bytes = document(row.manifest);
    if (tag.empty() && content::parse_artifact_manifest(bytes, where).subject != image) continue;
    check_companions(found.size() + 1);
    found.push_back({{row.manifest, std::move(bytes)}, std::move(tag)});
  }
  return found;
}

void ImageProblems::add(const Error& error, const std::string& component,
                        const release::ImageEntry& entry) {
  if (error.code() != Errc::invalid_input && error.code() != Errc::untrusted) throw error;
  (error.code() == Errc::untrusted ? distrusted_ : mistakes_)
      .add(error.within(format("components.{}: {}: {}", component, entry.name.str(), entry.from)));
}

void ImageProblems::throw_if_any() const {
  distrusted_.throw_if_any(Errc::untrusted);
  mistakes_.throw_if_any(Errc::invalid_input);
}

void check_companions(std::size_t count) {
  if (count <= kMaxCompanions) return;
  throw Error(Errc::untrusted,
              format("found more than {} manifests of signatures and attestations", kMaxCompanions),
              "remove those that are not needed, or take the image from a copy with fewer");
}

std::unique_ptr<ImageSource> open_image_source(const release::Release& release,
                                               const release::ImageOrigin& origin,
                                               Absorber& absorber) {
  switch (origin.transport) {
    case ImageTransport::oci:
      return layout_folder(release.folder / origin.path, absorber);
    case ImageTransport::oci_archive:
      return archive_file(release.folder / origin.path, ArchiveForm::oci, absorber);
    case ImageTransport::docker_archive:
      return archive_file(release.folder / origin.path, ArchiveForm::docker, absorber);
    case ImageTransport::docker_daemon:
      return saved_by({"docker", "save", origin.name}, ArchiveForm::docker, absorber);
    case ImageTransport::containers_storage:
      return saved_by_podman(origin.name, absorber);
    case ImageTransport::registry: {
      const content::ImageName name = content::ImageName::parse(origin.name);
      return registry_images(name, settings_for(name.host, release), absorber);
    }
  }
  throw Error(Errc::internal, "no source for this transport");
}

ImageSource& ImageSources::of(const release::ImageEntry& entry) {
  std::unique_ptr<ImageSource>& source =
      sources_[entry.origin.path.empty() ? entry.from : entry.origin.path];
  if (!source) source = open_image_source(release_, entry.origin, absorber_);
  return *source;
}

content::Descriptor ImageSources::find(const release::ImageEntry& entry) {
  ImageSource& source = of(entry);
  if (!release_.locked) return source.find(entry.origin.name);
  const auto locked = release_.locked->images.find(entry.from);
  if (locked == release_.locked->images.end()) {
    throw Error(Errc::invalid_input, "release.lock.yaml has no digest for it",
                "update it with: sealift lock");
  }
  // A registry is asked for the digest: the tag may mean another image by now.
  const bool is_registry = entry.origin.transport == ImageTransport::registry;
  content::Descriptor found = source.find(
      is_registry ? format("{}@{}", content::ImageName::parse(entry.origin.name).place(),
                           locked->second.str())
                  : entry.origin.name);
  if (found.digest != locked->second) {
    throw Error(Errc::invalid_input,
                format("found the image {}, release.lock.yaml says {}", found.digest.str(),
                       locked->second.str()),
                "take the image that was locked, or lock this one with: sealift lock");
  }
  return found;
}

release::Locked resolve_images(const release::Release& release, Progress& progress) {
  Workers workers(usable_cores());
  bundle::Spool spool(temporary_folder(), workers, {.level = content::kMinLevel});
  Absorber absorber(spool, progress);
  ImageSources sources(release, absorber);
  release::Locked locked;
  ImageProblems problems;
  for (const release::ComponentEntry& component : release.components) {
    for (const release::ImageEntry& entry : component.images) {
      try {
        ImageSource& source = sources.of(entry);
        const content::Descriptor image = source.find(entry.origin.name);
        locked.images.emplace(entry.from, image.digest);
        const std::vector<std::string> verified =
            verified_by(take_signatures(release, entry, image, source, spool).carried);
        if (!verified.empty()) locked.verified.emplace(entry.from, verified);
      } catch (const Error& error) {
        problems.add(error, component.name, entry);
      }
    }
  }
  problems.throw_if_any();
  return locked;
}

}  // namespace sealift::builder
