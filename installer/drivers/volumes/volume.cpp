// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/volumes/volume.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "content/tar.hpp"
#include "installer/drivers/compose/containers.hpp"
#include "installer/drivers/data/archive.hpp"
#include "installer/drivers/data/file_attributes.hpp"
#include "installer/drivers/volumes/volume_archive.hpp"

namespace sealift::installer {

namespace {

using databases::Restoring;

constexpr std::chrono::hours kLongestPause{1};
// An image of nothing, so that a container can be made where no image is.
constexpr const char* kImage = "localhost/sealift-volume:1";
constexpr const char* kMount = "/volume";
// The container of a restore has it until all is there: what is found with it was cut off.
constexpr const char* kRestoring = "org.sealift.restoring";

void check(const Outcome& outcome, const std::string& what) {
  if (outcome.status == 0) return;
  throw Error(Errc::target_failed, format("{}: ended with status {}: {}", what, outcome.status,
                                          printable(on_one_line(outcome.error_output), 400)));
}

// What describe() said; empty texts where a dump came without it.
struct About {
  std::string volume;
  std::string project;
  std::string component;
};

About read_about(const Json& about) {
  if (about.empty()) return {};
  Fields fields(about, "about");
  About read{.volume = fields.text("volume"),
             .project = fields.text("project"),
             .component = fields.text("component")};
  fields.done();
  return read;
}

// Bytes that should be those of another source.
class Comparison : public Sink {
 public:
  explicit Comparison(Source& other) : other_(other), piece_(kArchivePiece, '\0') {}

  void write(std::string_view bytes) override {
    while (same_ && !bytes.empty()) {
      const std::size_t count =
          other_.read(std::span(piece_).first(std::min(bytes.size(), piece_.size())));
      same_ = count > 0 && bytes.starts_with(std::string_view(piece_.data(), count));
      bytes.remove_prefix(count);
    }
  }
  // Whether they were the same, to the end of both.
  bool finish() { return same_ && other_.read(std::span(piece_).first(1)) == 0; }

 private:
  Source& other_;
  std::string piece_;
  bool same_ = true;
};

// A container that never runs: through it Docker reads and writes a volume.
class Holder {
 public:
  Holder(const Engine& engine, const std::string& volume, const std::vector<std::string>& labels)
      : engine_(engine) {
    if (!engine_.has_image(kImage)) {
      check(engine_.call({"import", "-", kImage}, std::string(content::tar_end())), "import");
    }
    std::vector<std::string> words = {"create", "--network", "none"};
    for (const std::string& label : labels) words.insert(words.end(), {"--label", label});
    words.insert(words.end(), {"-v", format("{}:{}", volume, kMount), kImage, "/none"});
    id_ = engine_.lines(std::move(words)).back();
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    try {
      (void)engine_.call({"rm", "-f", id_});
      (void)engine_.call({"rmi", kImage});  // fails where another restore has it, too
    } catch (const Error& error) {
      log::warning(format("the container {} is left: {}", id_, error.message()));
    }
  }

  // Podman gives a new volume to the user of the first container that mounts it. This one mounts
  // it, and then has no program to run.
  void mount() const { (void)engine_.call({"init", id_}); }
  std::string place(const char* path) const { return format("{}:{}", id_, path); }

 private:
  const Engine& engine_;
  std::string id_;
};

class Volume : public databases::Restorable {
 public:
  explicit Volume(const VolumePlace& place) : place_(place), engine_(place.engine) {}

  databases::Facts facts() override {
    const fs::path folder = folder_of(demand_name());
    return {.server = place_.engine.front(),
            .bytes = dir_exists(folder) ? size_of(folder).bytes : 0};
  }
  bool exists() override { return found_name().has_value(); }

  Json describe() override {
    return {
        {"volume", demand_name()}, {"project", place_.project}, {"component", place_.component}};
  }

  // Whether there is room for it the engine alone knows, and what is there is seen by restore().
  void check_restorable(const Json& about) override { (void)name_for(about); }

  void dump(Sink& to) override { dump(demand_name(), to); }
  void check_dump(Source& dump) override { (void)holds_entries(dump); }

  void restore(Source& dump, const Restoring& how) override {
    const std::string name = name_for(how.about);
    drop_unfinished(name);
    if (!has(name)) {
      engine_.lines({"volume", "create", "--label", format("{}={}", kProjectLabel, place_.project),
                     "--label", format("{}={}", kVolumeLabel, place_.volume), name});
    } else if (is_filled(name)) {
      // That of a restore whose end nobody has written down.
      if (!holds(name, dump)) refuse_filled(name);
      return;
    }
    try {
      fill(name, dump);
    } catch (const Error&) {
      (void)engine_.call({"volume", "rm", name});
      throw;
    }
  }

  // Where it was cut off, it is made again from the beginning.
  bool finish_restore(const std::string&) override { return false; }
  std::vector<std::string> kept() override { return {}; }
  void drop_kept(const std::string&) override {}

 private:
  // As Compose calls it, unless its file has a name of its own.
  std::string usual_name() const { return format("{}_{}", place_.project, place_.volume); }

  std::optional<std::string> found_name() const {
    if (has(usual_name())) return usual_name();
    for (const std::string& each : engine_.volumes(place_.project)) {
      if (engine_.volume_label(each, kVolumeLabel) == place_.volume) return each;
    }
    return std::nullopt;
  }

  std::string demand_name() const {
    if (const auto name = found_name()) return *name;
    throw Error(Errc::incompatible,
                format("the engine has no volume {} of the project {}, expected {}", place_.volume,
                       place_.project, usual_name()),
                "correct volumes of the target in site.yaml, or install the release first");
  }

  std::string name_for(const Json& about) const {
    const About said = read_about(about);
    const bool is_usual =
        said.volume.empty() || said.volume == format("{}_{}", said.project, place_.volume);
    if (is_usual) return usual_name();
    if (place_.isolated) {
      throw Error(Errc::incompatible,
                  format("the volume {} has the name {} on the whole host", place_.volume,
                         printable(said.volume, 80)),
                  "leave its name to Compose, which puts the project before it");
    }
    return said.volume;
  }

  bool has(const std::string& name) const {
    return engine_.call({"volume", "inspect", name}).status == 0;
  }

  // Where the engine keeps it on its host; of Podman's, that is this one.
  fs::path folder_of(const std::string& name) const {
    return engine_.lines({"volume", "inspect", "--format", "{{.Mountpoint}}", name}).back();
  }

  void dump(const std::string& name, Sink& to) const {
    if (engine_.is_podman()) to.write(header_of(top_of(folder_of(name))));
    read(name, [&](Source& tar) { copy(tar, to); });
  }

  bool holds(const std::string& name, Source& wanted) const {
    Comparison comparison(wanted);
    dump(name, comparison);
    return comparison.finish();
  }

  [[noreturn]] void refuse_filled(const std::string& name) const {
    throw Error(Errc::incompatible,
                format("the volume {} is there and holds something else, and a restore makes a new "
                       "one",
                       name),
                format("stop what uses it and remove it, or keep its content elsewhere first: {} "
                       "volume rm {}",
                       place_.engine.front(), name));
  }

  std::vector<std::string> marks_of(const std::string& name) const {
    return engine_.lines({"ps", "-aq", "--filter", format("label={}={}", kRestoring, name)});
  }

  bool is_filled(const std::string& name) const {
    bool filled = false;
    read(name, [&](Source& tar) { filled = holds_entries(tar); });
    return filled;
  }

  // What an earlier restore has left, which nobody can have used.
  void drop_unfinished(const std::string& name) const {
    const std::vector<std::string> marks = marks_of(name);
    if (marks.empty()) return;
    for (const std::string& each : marks) engine_.lines({"rm", "-f", each});
    engine_.lines({"volume", "rm", name});
  }

  Command command(std::vector<std::string> words) const {
    words.insert(words.begin(), place_.engine.begin(), place_.engine.end());
    return {.arguments = std::move(words), .folder = {}, .input = {}, .timeout = kLongestPause};
  }

  template <typename Take>
  void read(const std::string& name, Take&& take) const {
    std::optional<Holder> holder;
    std::vector<std::string> words = {"volume", "export", name};
    if (!engine_.is_podman()) {
      holder.emplace(engine_, name, std::vector<std::string>());
      words = {"cp", "-a", holder->place("/volume/."), "-"};
    }
    ProgramSource tar(command(words));
    take(tar);
    check(tar.finish(), format("reading the volume {}", name));
  }

  void fill(const std::string& name, Source& dump) const {
    const Holder holder(engine_, name, {format("{}={}", kRestoring, name)});
    VolumeArchive archive(dump);
    write(name, holder, archive);
    if (archive.top()) set_top(name, holder, *archive.top());
  }

  void pour(const std::vector<std::string>& words, Source& tar, const std::string& what) const {
    ProgramSink into(command(words));
    std::string piece(kArchivePiece, '\0');
    while (const std::size_t count = tar.read(piece)) {
      // Engines stop at the end of the tar; what follows is read for its digest.
      (void)into.offer({piece.data(), count});
    }
    check(into.finish(), what);
  }

  void write(const std::string& name, const Holder& holder, Source& tar) const {
    if (engine_.is_podman()) {
      holder.mount();
      pour({"volume", "import", name, "-"}, tar, format("filling the volume {}", name));
    } else {
      pour({"cp", "-a", "-", holder.place(kMount)}, tar, format("filling the volume {}", name));
    }
  }

  // Both engines unpack what is in the folder, and leave the folder itself as they made it.
  void set_top(const std::string& name, const Holder& holder, DataEntry top) const {
    if (engine_.is_podman()) {
      set_all(Dir::open(folder_of(name)).fd(), top);
      return;
    }
    top.path = format("{}/", kMount + 1);
    const Outcome outcome = engine_.call({"cp", "-a", "-", holder.place("/")},
                                         header_of(top) + std::string(content::tar_end()));
    check(outcome, format("setting the owner of the volume {}", name));
  }

  static DataEntry top_of(const fs::path& folder) {
    const Dir place = Dir::open(folder);
    struct stat status {};
    if (::fstat(place.fd(), &status) != 0) throw_errno(folder.string(), "read");
    DataEntry top;
    top.path = std::string(kTop);
    top.type = content::TarType::directory;
    top.mode = status.st_mode & kPermissions;
    top.uid = status.st_uid;
    top.gid = status.st_gid;
    top.modified = status.st_mtim;
    return top;
  }

  VolumePlace place_;
  Engine engine_;
};

}  // namespace

std::string component_of_volume(const Json& about) {
  return read_about(about).component;
}

std::unique_ptr<databases::Restorable> open_volume(const VolumePlace& place) {
  return std::make_unique<Volume>(place);
}

std::string volume_name(const std::string& target, const std::string& volume) {
  return format("{}:{}", target, volume);
}

std::string volume_label(const std::string& target, const std::string& volume) {
  return format("{}@{}", target, volume);
}

}  // namespace sealift::installer
