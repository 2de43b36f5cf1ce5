// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/migrations.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "builder/kinds/tree.hpp"
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

MigrationSet read(const release::MigrationsEntry& entry, const migrations::SourceFiles& files) {
  if (entry.format == "drizzle") {
    MigrationSet set = migrations::read_drizzle(files);
    if (!entry.dialect.empty() && entry.dialect != word(set.dialect)) {
      throw Error(Errc::invalid_input, format("found migrations for {}, dialect says {}",
                                              word(set.dialect), entry.dialect));
    }
    return set;
  }
  return migrations::read_sql(files,
                              entry.dialect == "sqlite" ? Dialect::sqlite : Dialect::postgresql);
}

// A way back that a release promises must be there.
void check_ways_down(const release::MigrationsEntry& entry, const MigrationSet& set) {
  if (entry.rollback != "down") return;
  Problems problems;
  for (const migrations::Migration& each : set.migrations) {
    if (each.down || each.is_baseline()) continue;
    problems.add(format("{}: nothing takes it back, and rollback says down", each.file),
                 entry.format == "sql" ? format("write {}.down.sql", each.name)
                                       : "drizzle has no such files: choose another rollback");
  }
  const MigrationSet down = migrations::ways_down(set);
  for (const migrations::Migration& each : down.migrations) {
    for (const Finding& finding : migrations::lint(down, {&each})) {
      if (finding.weight != Finding::Weight::fatal) continue;
      problems.add(format("{}:{}: {}", finding.file, finding.line, finding.found), finding.hint);
    }
  }
  problems.throw_if_any(Errc::invalid_input);
}

// What was accepted, and mistakes in what was not.
class Review {
 public:
  Review(const release::ComponentEntry& entry, const MigrationSet& set)
      : entry_(entry), set_(set) {}

  // Each migration on its own: how many of them a site has is not known here.
  std::map<std::string, std::string> run() {
    check_words();
    for (const migrations::Migration& migration : set_.migrations) {
      for (const Finding& finding : migrations::lint(set_, {&migration})) look(finding);
    }
    problems_.throw_if_any(Errc::invalid_input);
    return entry_.migrations.accept;
  }

 private:
  void check_words() {
    std::set<std::string> names;
    for (const migrations::Migration& migration : set_.migrations) names.insert(migration.name);
    for (const auto& [key, unused] : entry_.migrations.accept) {
      const std::size_t slash = key.find('/');
      const std::string rule = slash == key.npos ? key : key.substr(slash + 1);
      const auto& rules = migrations::rules();
      const bool is_rule =
          std::any_of(rules.begin(), rules.end(),
                      [&](const migrations::Rule& each) { return each.id == rule; });
      if (!is_rule || (slash != key.npos && !names.contains(key.substr(0, slash)))) {
        std::string known;
        for (const migrations::Rule& each : rules) {
          known += format("{}{}", known.empty() ? "" : ", ", each.id);
        }
        problems_.add(format("accept: found \"{}\", expected RULE or MIGRATION/RULE", key),
                      format("rules: {}", known));
      }
    }
  }

  void look(const Finding& finding) {
    const auto& accepted = entry_.migrations.accept;
    const std::string key = format("{}/{}", finding.migration, finding.rule);
    const std::string text =
        format("{}:{}: {}: {}", finding.file, finding.line, finding.rule, finding.found);
    if (finding.weight == Finding::Weight::fatal) {
      problems_.add(text, finding.hint);
      return;
    }
    if (accepted.contains(key) || accepted.contains(finding.rule)) return;
    if (entry_.migrations.lint_is_strict) {
      problems_.add(text, format("{}; or accept {} with a reason", finding.hint, key));
    } else {
      log::warning(format("components.{}: {}", entry_.name, text));
    }
  }

  const release::ComponentEntry& entry_;
  const MigrationSet& set_;
  Problems problems_;
};

class Migrations : public Kind {
 public:
  std::string_view name() const override { return "migrations"; }

  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    migrations::SourceFiles files;
    const Inspect inspect = [&](const std::string& path, const FileText& file) {
      files.emplace(path, file.whole(path));
    };
    PackedTree packed = pack_tree(workshop, entry, media_type::kTree, {.inspect = inspect});
    const release::MigrationsEntry& said = entry.migrations;
    try {
      const MigrationSet set = read(said, files);
      packed.document.migrations =
          release::CarriedMigrations{.format = said.format,
                                     .dialect = std::string(word(set.dialect)),
                                     .transactions = said.transactions,
                                     .late = said.late,
                                     .rollback = said.rollback,
                                     .schema = said.schema,
                                     .table = said.table,
                                     .count = set.migrations.size(),
                                     .waivers = Review(entry, set).run()};
      check_ways_down(said, set);
      if (set.dialect == Dialect::sqlite && !said.schema.empty()) {
        throw Error(Errc::invalid_input, "tracking: found a schema, which SQLite does not have");
      }
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
