// SPDX-License-Identifier: Apache-2.0
// What one bundle has and another has not, by their file tables: for who approves the newer one.
#include <map>
#include <optional>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "bundle/blobs.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::builder {

namespace {

struct BundleDiffOptions {
  std::string before;
  std::string after;
  bool files = false;
};

// One of the two bundles, open.
struct Side {
  explicit Side(const std::string& file)
      : fd(open_for_reading(file)),
        contents(bundle::read_documents(fd.get(), file, workers)),
        access(fd.get(), file),
        blobs(access, file, contents, workers) {}

  const release::Component* component(const std::string& name) const {
    for (const release::Component& each : contents.components) {
      if (each.row.name == name) return &each;
    }
    return nullptr;
  }

  Workers workers{usable_cores()};
  Fd fd;
  bundle::Contents contents;
  FdAccess access;
  bundle::Blobs blobs;
};

// Of one component.
struct Tally {
  std::uint64_t added = 0;
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
  std::uint64_t same = 0;
  std::uint64_t new_bytes = 0;  // of files added and changed
};

// As diff and rsync mark lines.
char sign_of(release::Change change) {
  switch (change) {
    case release::Change::added:
      return '+';
    case release::Change::changed:
      return '~';
    case release::Change::removed:
      return '-';
    case release::Change::same:
      return ' ';
  }
  return ' ';
}

// Links and folders count as files do.
void count(release::Change change, Tally& tally) {
  switch (change) {
    case release::Change::added:
      ++tally.added;
      break;
    case release::Change::changed:
      ++tally.changed;
      break;
    case release::Change::removed:
      ++tally.removed;
      break;
    case release::Change::same:
      ++tally.same;
      break;
  }
}

// Images count as files do, and a tag that means another image has changed.
Tally compare_images(const std::string& name, const release::Component* before,
                     const release::Component* after, bool list, cli::Session& session,
                     Json& files) {
  std::map<std::string, std::pair<std::optional<Digest>, std::optional<Digest>>> images;
  const auto gather = [&](const release::Component* component, auto member) {
    if (component == nullptr) return;
    for (const release::CarriedImage& image : component->document.images) {
      images[image.name].*member = image.digest;
    }
  };
  using Pair = decltype(images)::mapped_type;
  gather(before, &Pair::first);
  gather(after, &Pair::second);
  Tally tally;
  for (const auto& [image, digests] : images) {
    const auto& [was, is] = digests;
    const release::Change change = !was        ? release::Change::added
                                   : !is       ? release::Change::removed
                                   : was == is ? release::Change::same
                                               : release::Change::changed;
    count(change, tally);
    if (!list || change == release::Change::same) continue;
    session.out.line(format("{} {}", sign_of(change), image));
    files.push_back(
        {{"image", image}, {"component", name}, {"change", std::string(1, sign_of(change))}});
  }
  return tally;
}

// By file tables, line by line: no content is read, however large the bundles are.
Tally compare(const std::string& name, const Side& before, const Side& after, bool list,
              cli::Session& session, Json& files) {
  const release::Component* old_component = before.component(name);
  const release::Component* new_component = after.component(name);
  const auto has_images = [](const release::Component* component) {
    return component != nullptr && component->is_images();
  };
  if (has_images(old_component) || has_images(new_component)) {
    return compare_images(name, old_component, new_component, list, session, files);
  }
  const auto open = [](const Side& side, const release::Component* component) {
    return component == nullptr ? nullptr : side.blobs.open(component->file_table().digest);
  };
  const std::unique_ptr<Source> old_table = open(before, old_component);
  const std::unique_ptr<Source> new_table = open(after, new_component);
  Tally tally;
  tally.same = release::compare_tables(
      old_table.get(), new_table.get(), release::Same::counted,
      [&](release::Change change, const release::FileEntry* was, const release::FileEntry* is) {
        count(change, tally);
        if (is != nullptr) tally.new_bytes += is->size;
        if (!list) return;
        const std::string path = format("{}/{}", name, (is != nullptr ? is : was)->path.str());
        session.out.line(format("{} {}", sign_of(change), path));
        files.push_back({{"path", path}, {"change", std::string(1, sign_of(change))}});
      });
  return tally;
}

// Neither bundle is judged: a diff is looked at before anybody signs.
void run_diff(const BundleDiffOptions& options, cli::Session& session) {
  const Side before(options.before);
  const Side after(options.after);
  const auto title = [](const Side& side) {
    return format("{} {}", side.contents.document.name, side.contents.document.version);
  };
  session.out.line(format("{} -> {}", title(before), title(after)));
  std::vector<std::string> names;
  for (const Side* side : {&before, &after}) {
    for (const release::Component& component : side->contents.components) {
      if (std::find(names.begin(), names.end(), component.row.name) == names.end()) {
        names.push_back(component.row.name);
      }
    }
  }
  std::vector<std::vector<std::string>> rows = {
      {"COMPONENT", "ADDED", "CHANGED", "REMOVED", "SAME", "NEW BYTES"}};
  Json components = Json::array();
  Json files = Json::array();
  for (const std::string& name : names) {
    const Tally tally = compare(name, before, after, options.files, session, files);
    const std::string note = before.component(name) == nullptr  ? " (new)"
                             : after.component(name) == nullptr ? " (removed)"
                                                                : "";
    rows.push_back({name + note, std::to_string(tally.added), std::to_string(tally.changed),
                    std::to_string(tally.removed), std::to_string(tally.same),
                    cli::size_text(tally.new_bytes)});
    components.push_back({{"name", name},
                          {"added", tally.added},
                          {"changed", tally.changed},
                          {"removed", tally.removed},
                          {"same", tally.same},
                          {"newBytes", tally.new_bytes}});
  }
  session.out.table(rows);
  Json value = {{"before", before.contents.digest().str()},
                {"after", after.contents.digest().str()},
                {"components", std::move(components)}};
  if (options.files) value["files"] = std::move(files);
  session.out.json(value);
}

}  // namespace

void add_diff(cli::Command& program) {
  auto& options = cli::make_options<BundleDiffOptions>();
  program.sub("diff", "compare two bundles: components, files, bytes")
      .argument("OLD", options.before, "the older bundle", cli::Presence::required)
      .argument("NEW", options.after, "the newer bundle", cli::Presence::required)
      .flag("--files", options.files, "list every file that differs")
      .example("sealift diff old.bundle.tar.zst new.bundle.tar.zst",
               "what changes between two releases")
      .example("sealift diff old.bundle.tar.zst new.bundle.tar.zst --files",
               "the same with every file")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_diff(options, session); });
}

}  // namespace sealift::builder
