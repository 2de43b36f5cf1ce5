// SPDX-License-Identifier: Apache-2.0
// Docker, Podman and containerd through their own programs. Images are kept under
// localhost/sealift/SITE:DIGEST; an engine removes content with its last name, and refuses while a
// container uses it.

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/drivers/images/image_store.hpp"
#include "installer/drivers/images/image_tar.hpp"

namespace sealift::installer {

namespace {

// How long a program may do nothing while it is fed: an engine unpacks a large layer in silence.
constexpr std::chrono::minutes kIdle{10};

// Complaints go to standard error; where a program has said nothing there, what it printed is all
// there is.
std::string lines_of(const Outcome& outcome) {
  const std::string& text = outcome.error_output.empty() ? outcome.output : outcome.error_output;
  return printable(text.substr(0, text.find_last_not_of('\n') + 1), 400);
}

// What all engines share: how their programs are called.
class EngineStore : public ImageStore {
 public:
  EngineStore(std::vector<std::string> command, std::string site)
      : command_(std::move(command)), site_(std::move(site)) {}

  // `version` asks the daemon too, not the program alone. Once is enough for a plan.
  void check(const PlacedImage&) override {
    if (checked_) return;
    const Outcome outcome = call({"version"});
    if (outcome.status != 0) {
      throw Error(Errc::incompatible,
                  format("{} cannot be used: {}", joined(command_, " "), lines_of(outcome)),
                  "start the engine, or correct command in site.yaml");
    }
    checked_ = true;
  }
  bool keeps(const PlacedImage& image) override {
    return find(kept_name(image.digest)).has_value();
  }
  // By the names alone, so that this finds what a journal that was lost would have named.
  std::vector<Digest> kept() override {
    std::vector<Digest> digests;
    const std::vector<std::string> arguments = list_arguments();
    const Outcome outcome = call(arguments);
    if (outcome.status != 0) {
      throw Error(Errc::incompatible,
                  format("{}: {}", joined(with(arguments), " "), lines_of(outcome)));
    }
    const std::string prefix = kept_prefix();
    for (std::size_t at = 0; at < outcome.output.size();) {
      const std::size_t end = std::min(outcome.output.find('\n', at), outcome.output.size());
      const std::string name = outcome.output.substr(at, end - at);
      if (name.starts_with(prefix)) digests.push_back(Digest::from_hex(name.substr(prefix.size())));
      at = end + 1;
    }
    return digests;
  }
  void release(const PlacedImage& image) override {
    if (keeps(image)) untag(kept_name(image.digest));
  }
  void release_stray(const Digest& digest) override { untag(kept_name(digest)); }

 protected:
  // One name a line.
  virtual std::vector<std::string> list_arguments() const = 0;

  std::string kept_prefix() const { return format("localhost/sealift/{}:", site_); }
  std::string kept_name(const Digest& digest) const { return kept_prefix() + digest.hex(); }

  std::vector<std::string> with(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = command_;
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }

  Outcome call(const std::vector<std::string>& arguments) const {
    const auto outcome =
        run({.arguments = with(arguments), .folder = {}, .input = {}, .timeout = kIdle});
    if (!outcome) {
      throw Error(Errc::incompatible, format("the program {} was not found", command_.front()),
                  "install it, or correct command in site.yaml");
    }
    return *outcome;
  }

  void demand(const std::vector<std::string>& arguments) const {
    if (const Outcome outcome = call(arguments); outcome.status != 0) fail(arguments, outcome);
  }

  // Removing a name that is gone is no failure; one that a container uses stays.
  void give_up(const std::vector<std::string>& arguments, const std::string& name) {
    if (!find(name)) return;
    const Outcome outcome = call(arguments);
    if (outcome.status != 0 && find(name)) {
      log::warning(format("{} stays: {}", name, lines_of(outcome)));
    }
  }

  // Streams into the program's standard input: an image never lies on the disk a second time.
  template <typename Write>
  void feed(const std::vector<std::string>& arguments, Write&& write) const {
    ProgramSink program(
        {.arguments = with(arguments), .folder = {}, .input = {}, .timeout = kIdle});
    write(program);
    if (const Outcome outcome = program.finish(); outcome.status != 0) fail(arguments, outcome);
  }

  [[noreturn]] void fail(const std::vector<std::string>& arguments, const Outcome& outcome) const {
    throw Error(Errc::io, format("{}: ended with status {}: {}", joined(with(arguments), " "),
                                 outcome.status, lines_of(outcome)));
  }

  // The variant for this host. check_hosts() has seen to it that there is one.
  static const content::ImageVariant& variant_of(const PlacedImage& image,
                                                 const content::Image& content) {
    for (const content::ImageVariant& variant : content.variants) {
      if (variant.manifest.digest == image.manifest) return variant;
    }
    throw Error(Errc::internal, format("{} has no manifest for this host", image.name));
  }

 private:
  std::vector<std::string> command_;
  std::string site_;
  bool checked_ = false;
};

// Docker and Podman speak alike: an image's identity is the digest of its configuration.
class DockerStore : public EngineStore {
 public:
  using EngineStore::EngineStore;

  std::string identity(const PlacedImage& image) const override { return image.config.hex(); }
  // By its id: whatever name it has here, its content need not be loaded again.
  bool has(const PlacedImage& image) override { return find(identity(image)).has_value(); }

  void release(const PlacedImage& image) override {
    EngineStore::release(image);
    // A load that was cut off may have left the image without any name.
    const std::string id = identity(image);
    const Outcome names = call({"image", "inspect", "--format", "{{len .RepoTags}}", id});
    if (names.status == 0 && names.output.starts_with("0")) give_up({"rmi", id}, id);
  }

  std::optional<std::string> find(const std::string& reference) override {
    const Outcome outcome = call({"image", "inspect", "--format", "{{.Id}}", reference});
    if (outcome.status != 0) {
      // The engine must have said that it does not know the image; a daemon that is gone must not
      // be taken for an empty one.
      check_answers(outcome, reference);
      return std::nullopt;
    }
    std::string id = outcome.output.substr(0, outcome.output.find('\n'));
    if (id.starts_with("sha256:")) id.erase(0, 7);
    return id;
  }

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    const content::ImageVariant& variant = variant_of(image, content);
    try {
      feed({"load", "--quiet"}, [&](Sink& to) {
        write_image_tar(to, content, &variant, kept_name(image.digest), tables(), blobs, progress);
      });
    } catch (const Error& error) {
      throw Error(error.code(), error.message(), hint_for(variant));
    }
    if (find(kept_name(image.digest)) != identity(image)) {
      throw Error(Errc::io,
                  format("{}: the engine has another image after loading it", image.name));
    }
  }
  void tag(const std::string& reference, const std::string& identity) override {
    demand({"tag", identity, reference});
  }
  // `rmi` of a name takes the content along where it was the last one.
  void untag(const std::string& reference) override { give_up({"rmi", reference}, reference); }

 protected:
  std::vector<std::string> list_arguments() const override {
    return {"images", "--format", "{{.Repository}}:{{.Tag}}"};
  }
  virtual TarTables tables() const { return TarTables::oci_and_docker; }
  // What may help where an image cannot be loaded.
  virtual std::string hint_for(const content::ImageVariant& variant) const {
    const bool has_zstd = std::any_of(
        variant.layers.begin(), variant.layers.end(),
        [](const content::Descriptor& layer) { return layer.media_type.ends_with("+zstd"); });
    return has_zstd ? "Docker reads zstd layers since version 23: update it, or build the image "
                      "with gzip layers"
                    : "";
  }

 private:
  void check_answers(const Outcome& outcome, const std::string& reference) const {
    const std::string& said = outcome.error_output;
    if (said.find("o such image") != said.npos || said.find("not known") != said.npos) return;
    fail({"image", "inspect", reference}, outcome);
  }
};

// It reads an OCI layout in an archive, which keeps every digest.
class PodmanStore : public DockerStore {
 public:
  using DockerStore::DockerStore;

 protected:
  TarTables tables() const override { return TarTables::oci; }
  std::string hint_for(const content::ImageVariant&) const override { return ""; }
};

// containerd knows images by the digest of their manifest or index.
class ContainerdStore : public EngineStore {
 public:
  using EngineStore::EngineStore;

  std::string identity(const PlacedImage& image) const override { return image.digest.str(); }
  bool has(const PlacedImage& image) override {
    return keeps(image) || find(image.reference) == identity(image);
  }

  std::optional<std::string> find(const std::string& reference) override {
    const std::vector<std::string> arguments = {"images", "ls", "name==" + reference};
    const Outcome outcome = call(arguments);
    if (outcome.status != 0) fail(arguments, outcome);
    // REF TYPE DIGEST ...
    std::size_t at = outcome.output.find("\n" + reference + " ");
    if (at == std::string::npos) return std::nullopt;
    at = outcome.output.find("sha256:", at);
    constexpr std::size_t kDigest = 71;
    return at == std::string::npos ? std::nullopt
                                   : std::optional(outcome.output.substr(at, kDigest));
  }

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    feed({"images", "import", "--no-unpack", "--all-platforms", "-"}, [&](Sink& to) {
      write_image_tar(to, content, nullptr, kept_name(image.digest), TarTables::oci, blobs,
                      progress);
    });
    if (find(kept_name(image.digest)) != identity(image)) {
      throw Error(Errc::io,
                  format("{}: the engine has another image after loading it", image.name));
    }
  }
  // Only a name that points to an image can be given to another.
  void tag(const std::string& reference, const std::string& identity) override {
    const std::string source = name_of(identity);
    if (source == reference) return;
    demand({"images", "tag", "--force", source, reference});
  }
  void untag(const std::string& reference) override {
    give_up({"images", "rm", reference}, reference);
  }

 protected:
  std::vector<std::string> list_arguments() const override { return {"images", "ls", "-q"}; }

 private:
  std::string name_of(const std::string& identity) const {
    const Outcome outcome = call({"images", "ls", "target.digest==" + identity});
    const std::size_t line = outcome.output.find('\n');
    if (outcome.status != 0 || line == std::string::npos || line + 1 >= outcome.output.size()) {
      throw Error(Errc::io, format("found no image with the digest {}", identity));
    }
    const std::size_t name = line + 1;
    return outcome.output.substr(name, outcome.output.find(' ', name) - name);
  }
};

std::vector<std::string> command_in(const ImageSettings& settings,
                                    const std::vector<std::string>& usual) {
  return settings.command.empty() ? usual : settings.command;
}

}  // namespace

// The namespace k8s.io is that of Kubernetes, whose pods see no other.
std::unique_ptr<ImageStore> engine_store(const std::string& driver, const ImageSettings& settings) {
  const std::string& site = settings.site;
  if (driver == "docker") {
    return std::make_unique<DockerStore>(command_in(settings, {"docker"}), site);
  }
  if (driver == "podman") {
    return std::make_unique<PodmanStore>(command_in(settings, {"podman"}), site);
  }
  return std::make_unique<ContainerdStore>(command_in(settings, {"ctr", "-n", "k8s.io"}), site);
}

}  // namespace sealift::installer
