// SPDX-License-Identifier: Apache-2.0
#include "installer/content/site_content.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/text.hpp"
#include "content/expected_tar.hpp"
#include "content/media_types.hpp"
#include "installer/content/flags_tree.hpp"
#include "kubernetes/secret_references.hpp"
#include "release/templates/references.hpp"
#include "release/templates/template.hpp"
#include "release/values/target_values.hpp"
#include "release/values/tls.hpp"

namespace sealift::installer {

using release::FileEntry;

namespace {

// A tree as the bundle carries it: table and tar side by side. The table was signed; each header of
// the tar has to be just what the table's entry becomes, byte by byte, and the end has to be where
// the table ends.
class BundleTree : public TreeStream {
 public:
  BundleTree(std::unique_ptr<Source> table, std::unique_ptr<Source> tar, const std::string& name)
      : table_(std::move(table)),
        reader_(*table_),
        tar_source_(std::move(tar)),
        tar_(*tar_source_, name),
        buffer_(64 * 1024, '\0') {}

  std::optional<FileEntry> next() override {
    if (inside_) {
      while (tar_.read(buffer_) > 0) {
      }
    }
    std::optional<FileEntry> entry = reader_.next();
    inside_ = entry.has_value();
    if (entry) {
      tar_.header(release::tar_entry(*entry));
    } else if (!ended_) {
      tar_.end();
      ended_ = true;
    }
    return entry;
  }
  std::size_t read(std::span<char> into) override { return tar_.read(into); }

 private:
  std::unique_ptr<Source> table_;
  release::FileTableReader reader_;
  std::unique_ptr<Source> tar_source_;
  content::ExpectedTar tar_;
  std::string buffer_;
  bool inside_ = false;
  bool ended_ = false;
};

// Whether the file is none of the templates among which it is.
bool is_raw(const FileEntry& entry, const std::vector<std::string>& raw) {
  return std::binary_search(raw.begin(), raw.end(), entry.path.str());
}

// The template that a tree of templates is at.
release::Template read_template(const FileEntry& entry, TreeStream& templates) {
  std::string text;
  std::string buffer(64 * 1024, '\0');
  while (const std::size_t count = templates.read(buffer)) {
    text.append(buffer, 0, count);
    if (text.size() > release::kMaxTemplateBytes) break;  // said by parse() below
  }
  if (Digest::of(text) != *entry.digest && text.size() <= release::kMaxTemplateBytes) {
    throw Error(Errc::corrupt,
                format("{}: content is not what the file table says", entry.path.str()));
  }
  return release::Template::parse(text, entry.path.str());
}

// The secrets among what a template uses, also through values that refer to them. One that is
// neither here nor required is not set, which the template may ask.
std::set<std::string> secrets_in(const release::Template& parsed, const release::Values& values,
                                 const Secrets& secrets) {
  std::set<std::string> keys;
  for (const std::string& name : release::names_used(parsed, values)) {
    if (secrets.has(name) && !secrets.is_optional(name)) keys.insert(name);
  }
  return keys;
}

// Values with secrets among them, which go when it goes.
class PrivateValues {
 public:
  PrivateValues(const release::Values& values, const std::set<std::string>& keys,
                const Secrets& secrets)
      : values_(values), keys_(keys) {
    for (const std::string& key : keys) values_[key] = std::string(secrets.at(key).view());
    resolved_ = release::resolve(values_, keys);
  }
  ~PrivateValues() {
    for (const std::string& key : keys_) signing::wipe(values_[key].text());
    for (auto& [unused, value] : resolved_) {
      if (value.is_string()) signing::wipe(value.text());
    }
  }
  PrivateValues(const PrivateValues&) = delete;
  PrivateValues& operator=(const PrivateValues&) = delete;
  const release::Values& all() const { return resolved_; }

 private:
  release::Values values_;
  release::Values resolved_;
  const std::set<std::string>& keys_;
};

// What a rendered file has of a secret.
enum class Secrecy {
  values,     // and is for its owner only
  references  // of manifests for Kubernetes, which lie on a disk; see
              // kubernetes/secret_references.hpp
};

Secrecy secrecy_of(const release::Component& component) {
  const std::optional<release::Workload>& workload = component.document.workload;
  const bool is_kubernetes = workload && workload->runtime == release::kKubernetes;
  return is_kubernetes ? Secrecy::references : Secrecy::values;
}

// A tree of templates, each rendered when its turn comes. One file is in memory at a time, and is
// wiped when the next one is asked for: it may hold secrets.
class RenderedTree : public TreeStream {
 public:
  RenderedTree(std::unique_ptr<TreeStream> templates, const std::vector<std::string>& raw,
               const release::Values& values, const release::Values& resolved, Secrets& secrets,
               Secrecy secrecy, const TableKey& key, std::set<std::string>& asked_for)
      : templates_(std::move(templates)),
        raw_(raw),
        values_(values),
        resolved_(resolved),
        secrets_(secrets),
        secrecy_(secrecy),
        key_(key),
        asked_for_(asked_for),
        rest_("") {}
  ~RenderedTree() override { signing::wipe(rendered_); }

  std::optional<FileEntry> next() override {
    signing::wipe(rendered_);
    std::optional<FileEntry> entry = templates_->next();
    is_raw_ = entry && is_raw(*entry, raw_);
    if (!entry || entry->type != EntryType::file || is_raw_) return entry;
    const release::Template parsed = read_template(*entry, *templates_);
    note_uses(parsed, entry->path.str());
    const std::set<std::string> keys = secrets_in(parsed, values_, secrets_);
    secrets_.open(keys);
    rendered_ = rendered(parsed, keys, entry->path.str());
    if (!keys.empty() && secrecy_ == Secrecy::values) entry->mode &= 0700U;
    entry->size = rendered_.size();
    entry->digest = key_.digest(*entry, Digest::of(rendered_));
    rest_ = StringSource(rendered_);
    return entry;
  }
  std::size_t read(std::span<char> into) override {
    return is_raw_ ? templates_->read(into) : rest_.read(into);
  }

 private:
  // A certificate or a target is no value that an environment could give.
  void note_uses(const release::Template& parsed, const std::string& path) {
    Problems problems;
    for (const release::TemplateUse& use : parsed.uses()) {
      asked_for_.insert(use.name);
      if (values_.contains(use.name)) continue;
      if (const std::string_view target = release::target_name(use.name); !target.empty()) {
        problems.add(format("{}:{}: asks for {}, and site.yaml has no path of a target {}", path,
                            use.line, use.name, target),
                     format("add {} with its driver and path to targets in site.yaml", target));
      }
      const std::string_view tls = release::tls_name(use.name);
      if (tls.empty()) continue;
      problems.add(
          format("{}:{}: asks for {}, and site.yaml has no tls.{}", path, use.line, use.name, tls),
          format("add {} with its certificate and key to tls in site.yaml", tls));
    }
    problems.throw_if_any(Errc::invalid_input);
  }

  // A message could quote a value that cannot be used: with secrets it is that of a stand-in.
  std::string rendered(const release::Template& parsed, const std::set<std::string>& keys,
                       const std::string& path) const {
    if (keys.empty()) return parsed.render(resolved_);
    if (secrecy_ == Secrecy::references) return referring(parsed, keys);
    try {
      return parsed.render(PrivateValues(values_, keys, secrets_).all());
    } catch (const Error& error) {
      release::Values stand_ins = values_;
      for (const std::string& key : keys) stand_ins[key] = "x";
      parsed.render(release::resolve(stand_ins));
      throw Error(error.code(),
                  format("{}: cannot be rendered with what was sealed for {}", path,
                         joined({keys.begin(), keys.end()})),
                  "seal a value that the template can use");
    }
  }

  // A value that changes has another fingerprint, so that its file is another.
  std::string referring(const release::Template& parsed, const std::set<std::string>& keys) const {
    release::Values values = values_;
    for (const std::string& key : keys) {
      FileEntry secret{.path = RelPath::parse("secret"), .digest = {}, .target = {}};
      secret.mode = 0600;
      std::string named = format("{}\n{}", key, secrets_.at(key).view());
      values[key] = kubernetes::secret_reference(key, key_.digest(secret, Digest::of(named)).hex());
      signing::wipe(named);
    }
    return parsed.render(release::resolve(values, keys));
  }

  std::unique_ptr<TreeStream> templates_;
  const std::vector<std::string>& raw_;
  bool is_raw_ = false;  // the entry that it is at
  const release::Values& values_;
  const release::Values& resolved_;
  Secrets& secrets_;
  Secrecy secrecy_;
  const TableKey& key_;
  std::set<std::string>& asked_for_;
  std::string rendered_;
  StringSource rest_;
};

std::shared_ptr<const bundle::Medium> open_kept_bundle(const fs::path& file) {
  if (path_exists(file)) return bundle::open_medium({file.string()});
  throw Error(Errc::corrupt, format("{}: is missing, the bundle of this release", file.string()),
              format("bring it back: cp BUNDLE '{}'", file.string()));
}

}  // namespace

// Opening reads the bundle's documents; a command that needs no tree does not pay for that.
struct SiteContent::Open {
  Open(std::shared_ptr<const bundle::Medium> medium, Workers& workers, const Layout& layout,
       const SecretFiles& own)
      : file(std::move(medium)),
        contents(documents_of(*file, workers)),
        blobs(*file, file->name(), contents, workers),
        secrets(layout, own, contents.document) {}

  const release::Component& component(const std::string& name) const {
    for (const release::Component& each : contents.components) {
      if (each.row.name == name) return each;
    }
    throw Error(Errc::internal, format("the release has no component {}", name));
  }

  static bundle::Contents documents_of(const bundle::Medium& medium, Workers& workers) {
    AccessSource source(medium, 0);
    return bundle::read_documents(source, medium.name(), workers);
  }

  std::shared_ptr<const bundle::Medium> file;
  bundle::Contents contents;
  bundle::Blobs blobs;
  Secrets secrets;
};

SiteContent::SiteContent(const Layout& layout, fs::path bundle, std::optional<Digest> digest,
                         release::Values values, Workers& workers, SecretFiles secrets)
    : layout_(layout),
      bundle_(std::move(bundle)),
      digest_(digest),
      values_(std::move(values)),
      workers_(workers),
      secret_files_(std::move(secrets)),
      key_(layout) {}

SiteContent::SiteContent(const Layout& layout, std::shared_ptr<const bundle::Medium> bundle,
                         std::optional<Digest> digest, release::Values values, Workers& workers,
                         SecretFiles secrets)
    : SiteContent(layout, fs::path(bundle->name()), digest, std::move(values), workers,
                  std::move(secrets)) {
  medium_ = std::move(bundle);
}

SiteContent::SiteContent(SiteContent&&) noexcept = default;
SiteContent::~SiteContent() = default;

SiteContent::Open& SiteContent::open() {
  if (open_) return *open_;
  open_ = std::make_unique<Open>(medium_ ? medium_ : open_kept_bundle(bundle_), workers_, layout_,
                                 secret_files_);
  // The kept file was accepted as D; what it holds now must still be that.
  if (!digest_ || open_->contents.digest() != *digest_) {
    throw Error(Errc::corrupt,
                format("{}: holds the release {}, expected {}", bundle_.string(),
                       open_->contents.digest().str(), digest_ ? digest_->str() : "none"));
  }
  return *open_;
}

void SiteContent::set_flags(const std::string& component, SiteFlags flags) {
  flags_[component] = std::move(flags);
}

release::FlagSet SiteContent::released_flags(const std::string& component,
                                             const std::string& environment) {
  return read_flags(*carried_tree(component), environment,
                    format("{}: component {}", bundle_.string(), component));
}

std::unique_ptr<TreeStream> SiteContent::tree(const std::string& name) {
  if (open().component(name).row.artifact_type != media_type::kFlags) return carried_tree(name);
  const auto flags = flags_.find(name);
  if (flags == flags_.end()) {
    throw Error(Errc::internal, format("nothing says what the flags of {} are here", name));
  }
  return flags_tree(
      changed(released_flags(name, flags->second.environment), flags->second.changes));
}

// As the bundle carries it.
std::unique_ptr<TreeStream> SiteContent::sources_of(const release::Component& component) {
  const Open& from = open();
  const content::Descriptor& tar =
      component.layer(component.has_templates() ? media_type::kMustacheTree : media_type::kTree);
  return std::make_unique<BundleTree>(
      from.blobs.open(component.file_table().digest), from.blobs.open(tar.digest),
      format("{}: component {}", bundle_.string(), component.row.name));
}

// As the bundle carries it; templates are rendered.
std::unique_ptr<TreeStream> SiteContent::carried_tree(const std::string& name) {
  Open& from = open();
  const release::Component& component = from.component(name);
  std::unique_ptr<TreeStream> tree = sources_of(component);
  if (!component.has_templates()) return tree;
  if (!resolved_) resolved_ = release::resolve(values_);
  return std::make_unique<RenderedTree>(std::move(tree), component.document.raw, values_,
                                        *resolved_, from.secrets, secrecy_of(component), key_,
                                        asked_for_);
}

// All of a component's at once, so that all that is wrong is said at once.
void SiteContent::open_secrets(const release::Component& component) {
  if (!component.has_templates()) return;
  Secrets& secrets = open().secrets;
  std::set<std::string> keys;
  const std::unique_ptr<TreeStream> templates = sources_of(component);
  while (const std::optional<FileEntry> entry = templates->next()) {
    if (entry->type != EntryType::file || is_raw(*entry, component.document.raw)) continue;
    keys.merge(secrets_in(read_template(*entry, *templates), values_, secrets));
  }
  secrets.open(keys);
}

const signing::Secret& SiteContent::secret(const std::string& key) {
  Secrets& secrets = open().secrets;
  secrets.open({key});
  return secrets.at(key);
}

// It opens the bundle for itself: blobs are read at offsets of one file, and secrets are opened
// where they are used.
std::unique_ptr<Content> SiteContent::twin() const {
  auto twin =
      std::make_unique<SiteContent>(layout_, bundle_, digest_, values_, workers_, secret_files_);
  twin->medium_ = medium_;
  twin->flags_ = flags_;
  return twin;
}

std::unique_ptr<Source> SiteContent::table(const Digest& digest) {
  return open_table(layout_, digest);
}

// A few dozen at most: no index is kept.
const content::Image& SiteContent::image(const Digest& digest) {
  for (const release::Component& component : open().contents.components) {
    for (const content::Image& image : component.images) {
      if (image.root.digest == digest) return image;
    }
  }
  throw Error(Errc::internal, format("the release has no image {}", digest.str()));
}

std::vector<ImageSignature> SiteContent::signatures(const Digest& image) {
  std::vector<ImageSignature> signatures;
  for (const release::Component& component : open().contents.components) {
    for (const release::CarriedImage& carried : component.document.images) {
      if (carried.digest != image || carried.whole) continue;
      for (const release::CarriedSignature& signature : carried.signatures) {
        const auto layer = std::find_if(
            component.manifest.layers.begin(), component.manifest.layers.end(),
            [&](const content::Descriptor& each) { return each.digest == signature.manifest; });
        if (layer != component.manifest.layers.end()) signatures.push_back({*layer, signature.tag});
      }
    }
  }
  return signatures;
}

std::unique_ptr<Source> SiteContent::blob(const Digest& digest) {
  return open().blobs.open(digest);
}

// A tree of templates is rendered here for its table, and again when it is unpacked: nothing that
// was rendered is kept.
SiteContent::Table SiteContent::keep_table(const release::Component& component) {
  Table table{.digest = component.file_table().digest,
              .files = component.document.files,
              .bytes = component.document.bytes};
  make_dirs(layout_.tables());
  // Some trees are made here: those of templates and of flags.
  if (!component.has_templates() && component.row.artifact_type != media_type::kFlags) {
    if (has_table(layout_, table.digest)) return table;
    AtomicFile out(table_file(layout_, table.digest), FileMode::plain);
    copy(*open().blobs.open(table.digest), out);
    out.commit();
    return table;
  }
  open_secrets(component);
  table.files = 0;
  table.bytes = 0;
  std::string lines;
  const std::unique_ptr<TreeStream> rendered = tree(component.row.name);
  while (const std::optional<FileEntry> entry = rendered->next()) {
    lines += to_line(*entry) + "\n";
    table.bytes += entry->size;
    if (entry->type == EntryType::file) ++table.files;
  }
  table.digest = Digest::of(lines);
  write_file(table_file(layout_, table.digest), lines);
  return table;
}

SiteContent::Table SiteContent::keep_table(const std::string& component) {
  return keep_table(open().component(component));
}

}  // namespace sealift::installer
