// SPDX-License-Identifier: Apache-2.0
// Docker, Podman and containerd through their own programs. Images are kept under
// localhost/sealift/SITE:DIGEST; an engine removes content with its last name, and refuses while a
// container uses it. An engine is asked for all of its images at once: a call of its program takes
// a fifth of a second, and a release has many names.

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/format.hpp"
#include "base/lines.hpp"
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

// What an engine has.
struct Images {
  std::map<std::string, std::string> names;  // to the identity of what they mean
  std::set<std::string> identities;          // also of images without a name
};

// What all engines share: how their programs are called.
class EngineStore : public ImageStore {
 public:
  EngineStore(std::vector<std::string> command, std::string site)
      : command_(std::move(command)), site_(std::move(site)) {}

  // The list is asked of the daemon, not of the program alone.
  void check(const PlacedImage&) override { images(); }
  void look_again() override { images_.reset(); }
  std::optional<std::string> find(const std::string& reference) override {
    const auto found = images().names.find(reference);
    return found == images().names.end() ? std::nullopt : std::optional(found->second);
  }
  bool keeps(const PlacedImage& image) override {
    return find(kept_name(image.digest)).has_value();
  }
  // By the names alone, so that this finds what a journal that was lost would have named.
  std::vector<Digest> kept() override {
    std::vector<Digest> digests;
    const std::string prefix = kept_prefix();
    for (auto each = images().names.lower_bound(prefix);
         each != images().names.end() && each->first.starts_with(prefix); ++each) {
      digests.push_back(Digest::from_hex(each->first.substr(prefix.size())));
    }
    return digests;
  }
  void release(const PlacedImage& image) override {
    if (keeps(image)) untag(kept_name(image.digest));
  }
  void release_stray(const Digest& digest) override { untag(kept_name(digest)); }

 protected:
  virtual std::vector<std::string> list_arguments() const = 0;
  // Adds what one line of the list says.
  virtual void add_listed(std::istringstream& line, Images& images) const = 0;

  bool is_there(const std::string& name) {
    return find(name) || images().identities.contains(name);
  }

  const Images& images() {
    if (!images_) images_ = ask_for_images();
    return *images_;
  }

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

  void demand(const std::vector<std::string>& arguments) {
    look_again();
    if (const Outcome outcome = call(arguments); outcome.status != 0) fail(arguments, outcome);
  }

  // Removing a name that is gone is no failure; one that a container uses stays.
  void give_up(const std::vector<std::string>& arguments, const std::string& name) {
    if (!is_there(name)) return;
    look_again();
    const Outcome outcome = call(arguments);
    if (outcome.status != 0 && is_there(name)) {
      log::warning(format("{} stays: {}", name, lines_of(outcome)));
    }
  }

  // An engine unpacks what it was given once it has all of it.
  void wait_for_unpacking(const PlacedImage& image, Progress& progress) const {
    progress.wait_for(format("{} to unpack {}", command_.front(), image.name), kIdle);
  }

  // Streams into the program's standard input: an image never lies on the disk a second time.
  template <typename Write>
  void feed(const std::vector<std::string>& arguments, Write&& write) {
    look_again();
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
  Images ask_for_images() const {
    Outcome outcome = call(list_arguments());
    // An image that somebody removes meanwhile can fail the whole list.
    if (outcome.status != 0) outcome = call(list_arguments());
    if (outcome.status != 0) {
      throw Error(Errc::incompatible,
                  format("{} cannot be used: {}", joined(command_, " "), lines_of(outcome)),
                  "start the engine, or correct command in site.yaml");
    }
    Images images;
    for (const std::string_view line : split_lines(outcome.output)) {
      std::istringstream words{std::string(line)};
      add_listed(words, images);
    }
    return images;
  }

  std::vector<std::string> command_;
  std::string site_;
  std::optional<Images> images_;  // until something changes them
};

// Docker and Podman speak alike: an image's identity is the digest of its configuration.
class DockerStore : public EngineStore {
 public:
  using EngineStore::EngineStore;

  std::string identity(const PlacedImage& image) const override { return image.config.hex(); }
  // By its id: whatever name it has here, its content need not be loaded again.
  bool has(const PlacedImage& image) override {
    return images().identities.contains(identity(image));
  }

  void release(const PlacedImage& image) override {
    EngineStore::release(image);
    // A load that was cut off may have left the image without any name.
    const std::string id = identity(image);
    const auto& names = images().names;
    const bool is_named = std::any_of(names.begin(), names.end(),
                                      [&](const auto& each) { return each.second == id; });
    if (has(image) && !is_named) give_up({"rmi", id}, id);
  }

  std::optional<std::string> find(const std::string& reference) override {
    if (auto found = EngineStore::find(reference)) return found;
    // Docker lists its own registry's images as people write them.
    std::string_view rest = reference;
    for (const std::string_view usual : {"docker.io/", "library/"}) {
      if (rest.starts_with(usual)) rest.remove_prefix(usual.size());
    }
    return EngineStore::find(std::string(rest));
  }

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    const content::ImageVariant& variant = variant_of(image, content);
    try {
      feed({"load", "--quiet"}, [&](Sink& to) {
        write_image_tar(to, content, &variant, kept_name(image.digest), tables(), blobs, progress);
        wait_for_unpacking(image, progress);
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
    return {"images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"};
  }
  void add_listed(std::istringstream& line, Images& images) const override {
    std::string id;
    std::string name;
    line >> id >> name;
    if (id.starts_with("sha256:")) id.erase(0, 7);
    images.identities.insert(id);
    // "<none>" in the place of either half: the image has no name.
    if (name.find('<') == name.npos) images.names[name] = id;
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

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    feed({"images", "import", "--no-unpack", "--all-platforms", "-"}, [&](Sink& to) {
      write_image_tar(to, content, nullptr, kept_name(image.digest), TarTables::oci, blobs,
                      progress);
      wait_for_unpacking(image, progress);
    });
    if (find(kept_name(image.digest)) != identity(image)) {
      throw Error(Errc::io,
                  format("{}: the engine has another image after loading it", image.name));
    }
  }
  // Only a name that points to an image can be given to another.
  void tag(const std::string& reference, const std::string& identity) override {
    const auto& names = images().names;
    const auto source = std::find_if(names.begin(), names.end(),
                                     [&](const auto& each) { return each.second == identity; });
    if (source == names.end()) {
      throw Error(Errc::io, format("found no image with the digest {}", identity));
    }
    const std::string from = source->first;
    if (from != reference) demand({"images", "tag", "--force", from, reference});
  }
  void untag(const std::string& reference) override {
    give_up({"images", "rm", reference}, reference);
  }

 protected:
  std::vector<std::string> list_arguments() const override { return {"images", "ls"}; }
  void add_listed(std::istringstream& line, Images& images) const override {
    std::string name;
    std::string type;
    std::string digest;
    line >> name >> type >> digest;
    if (!digest.starts_with("sha256:")) return;  // the heading
    images.identities.insert(digest);
    images.names[name] = digest;
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
