// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/migrations.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "builder/kind/tree.hpp"
#include "content/media_types.hpp"
#include "migrations/lint.hpp"

namespace sealift::builder {

namespace {

using migrations::Dialect;
using migrations::Finding;
using migrations::MigrationSet;

std::string_view word(Dialect dialect) {
  return dialect == Dialect::sqlite ? "sqlite" : "postgresql";
}

// drizzle-kit says the dialect itself; of plain files it is the author's to say.
MigrationSet read(const release::MigrationsEntry& entry, const migrations::SourceFiles& files,
                  Problems& problems) {
  if (entry.format == "drizzle") {
    MigrationSet set = migrations::read_drizzle(files, problems);
    if (!entry.dialect.empty() && entry.dialect != word(set.dialect)) {
      problems.add(
          format("found migrations for {}, dialect says {}", word(set.dialect), entry.dialect));
    }
    return set;
  }
  return migrations::read_sql(
      files, entry.dialect == "sqlite" ? Dialect::sqlite : Dialect::postgresql, problems);
}

// A way back that a release promises must be there. What takes back is SQL that a database is
// given, so it is looked at like any other.
void check_ways_down(const release::MigrationsEntry& entry, const MigrationSet& set,
                     Problems& problems) {
  if (entry.rollback != "down") return;
  for (const migrations::Migration& each : set.migrations) {
    if (each.down || each.is_baseline()) continue;
    problems.add(format("{}: nothing takes it back, and rollback says down", each.file),
                 entry.format == "sql" ? format("write {}.down.sql", each.name)
                                       : "drizzle has no such files: choose another rollback");
  }
  const MigrationSet down = migrations::ways_down(set);
  for (const migrations::Migration& each : down.migrations) {
    for (const Finding& finding : migrations::lint(down, {&each}, migrations::Span::run)) {
      if (finding.weight != Finding::Weight::fatal) continue;
      problems.add(format("{}:{}: {}", finding.file, finding.line, finding.found), finding.hint);
    }
  }
}

// The mistakes of a folder that nobody has accepted. An accepted finding is silent; its reason
// travels in the component's document, signed with it.
class Review {
 public:
  Review(const release::ComponentEntry& entry, const MigrationSet& set, Problems& problems)
      : entry_(entry), set_(set), problems_(problems) {}

  void run() {
    check_words();
    if (entry_.migrations.late == "refused") {
      for (const Finding& finding : migrations::lint_order(set_)) look(finding);
    }
    const migrations::Span span = migrations::span_named(entry_.migrations.transactions);
    for (const Finding& finding : migrations::lint_all(set_, span)) look(finding);
  }

 private:
  // A word in `accept` that fits nothing is a rule that was mistyped, or a migration that is gone:
  // its reason would silence nothing, or something else some day.
  void check_words() {
    std::set<std::string> names;
    for (const migrations::Migration& migration : set_.migrations) names.insert(migration.name);
    const auto& rules = migrations::rules();
    for (const auto& [key, unused] : entry_.lint.accept) {
      const std::size_t slash = key.find('/');
      const std::string word = slash == key.npos ? key : key.substr(slash + 1);
      const auto rule = std::find_if(rules.begin(), rules.end(),
                                     [&](const migrations::Rule& each) { return each.id == word; });
      if (rule == rules.end() || (slash != key.npos && !names.contains(key.substr(0, slash)))) {
        std::vector<std::string> known;
        known.reserve(rules.size());
        for (const migrations::Rule& each : rules) known.emplace_back(each.id);
        problems_.add(format("accept: found \"{}\", expected RULE or MIGRATION/RULE", key),
                      format("rules: {}", joined(known)));
      } else if (slash == key.npos && rule->weight == Finding::Weight::fatal) {
        problems_.add(
            format("accept: found \"{}\", expected MIGRATION/{}", key, word),
            "what no database may be given is accepted for one migration at a time, which "
            "every database has had");
      }
    }
  }

  // Fatal findings fail on a database whatever people think of them, so that a reason for all
  // migrations does not reach them.
  void look(const Finding& finding) {
    const auto& accepted = entry_.lint.accept;
    const std::string key = format("{}/{}", finding.migration, finding.rule);
    const std::string text =
        format("{}:{}: {}: {}", finding.file, finding.line, finding.rule, finding.found);
    const bool is_fatal = finding.weight == Finding::Weight::fatal;
    if (accepted.contains(key) || (!is_fatal && accepted.contains(finding.rule))) return;
    if (is_fatal) {
      problems_.add(text, format("{}; where every database has had it already: accept: {{\"{}\": "
                                 "REASON}}",
                                 finding.hint, key));
    } else if (entry_.lint.is_strict) {
      problems_.add(text, format("{}; or accept {} with a reason", finding.hint, key));
    } else {
      log::warning(format("components.{}: {}", entry_.name, text));
    }
  }

  const release::ComponentEntry& entry_;
  const MigrationSet& set_;
  Problems& problems_;
};

// Packs the folder and gives its files. Long ones are read from the folder again: whoever reads one
// finds out where it is not what was packed.
PackedTree pack_sources(const release::ComponentEntry& entry, const Workshop& workshop,
                        migrations::SourceFiles& files) {
  const auto folder = std::make_shared<fs::path>();
  std::optional<release::FileEntry> last;
  const SeeRow see_row = [&](const release::FileEntry& row) { last = row; };
  const Inspect inspect = [&](const std::string& path, const FileText& file) {
    if (migrations::is_held(path, last->size)) {
      files.emplace(path, file.whole(path));
      return;
    }
    files.emplace(
        path, migrations::SqlText::Origin{
                  .digest = *last->digest,
                  .size = last->size,
                  .open = [folder, path]() -> std::unique_ptr<Source> {
                    return std::make_unique<FileSource>(Dir::open(*folder).open_file(path), path);
                  },
                  .changed = Error(Errc::io, format("{}: changed while it was read", path),
                                   "build from files that nothing writes to")});
  };
  PackedTree packed = pack_tree(
      workshop, entry, media_type::kTree,
      {.inspect = inspect, .inspected_bytes = migrations::kHeldBytes, .see_row = see_row});
  *folder = packed.folder;
  return packed;
}

class Migrations : public Kind {
 public:
  std::string_view name() const override { return "migrations"; }

  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    migrations::SourceFiles files;
    PackedTree packed = pack_sources(entry, workshop, files);
    const release::MigrationsEntry& said = entry.migrations;
    try {
      Problems problems;
      const MigrationSet set = read(said, files, problems);
      Review(entry, set, problems).run();
      check_ways_down(said, set, problems);
      if (set.dialect == Dialect::postgresql && !said.foreign_keys.empty()) {
        problems.add(
            format("foreign_keys: found {}, which PostgreSQL does not have", said.foreign_keys),
            "remove the key: PostgreSQL always follows foreign keys");
      }
      if (set.dialect == Dialect::sqlite && !said.schema.empty()) {
        problems.add("tracking: found a schema, which SQLite does not have");
      }
      problems.throw_if_any(Errc::invalid_input);
      packed.document.migrations =
          release::CarriedMigrations{.format = said.format,
                                     .dialect = std::string(word(set.dialect)),
                                     .transactions = said.transactions,
                                     .late = said.late,
                                     .rollback = said.rollback,
                                     .schema = said.schema,
                                     .table = said.table,
                                     .count = set.migrations.size(),
                                     .foreign_keys = said.foreign_keys == "on" ? "on" : "off",
                                     .waivers = entry.lint.accept};
    } catch (const Error& error) {
      throw error.within(format("components.{}: {}", entry.name, entry.source));
    }
    return {tree_component(entry, media_type::kMigrations, packed), {}};
  }
};

}  // namespace

const Kind& migrations_kind() {
  static const Migrations kind;
  return kind;
}

}  // namespace sealift::builder
