// SPDX-License-Identifier: Apache-2.0
#include "migrations/migration_set.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/characters.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "migrations/envelope.hpp"

namespace sealift::migrations {

namespace {

constexpr std::string_view kMigrationFile = "/migration.sql";
constexpr std::string_view kSql = ".sql";
constexpr std::string_view kDown = ".down.sql";
constexpr std::size_t kStamp = 14;  // YYYYMMDDHHMMSS

// At least one.
bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// A name that is a file's stem in every file system, and can be read in every message. People name
// migrations in their own words: "0003_add users".
bool is_stem(std::string_view name) {
  constexpr std::string_view kNotAtAnEnd = " .";
  if (name.empty() || name.size() > 128 || name.find('\\') != name.npos) return false;
  if (kNotAtAnEnd.find(name.front()) != name.npos || kNotAtAnEnd.find(name.back()) != name.npos) {
    return false;
  }
  try {
    check_name(name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Sorts names as localeCompare of JavaScript does, by which drizzle-orm 1.x orders migrations of
// one second: letters by the alphabet first, small ones before capitals where nothing else differs.
// (The order of the Unicode Collation Algorithm for ASCII; what is beyond follows by its bytes.)
std::pair<std::string, std::string> collation_key(std::string_view name) {
  constexpr std::string_view kOrder =
      " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";
  std::pair<std::string, std::string> key;
  for (const char c : name) {
    const char small = lower(std::string_view(&c, 1))[0];
    const std::size_t place = kOrder.find(small);
    key.first += place == kOrder.npos ? c : static_cast<char>(place);
    key.second += small == c ? 'a' : 'b';
  }
  return key;
}

// Collects migrations and mistakes; a file that cannot be read is no migration, and said once.
class Reader {
 public:
  Reader(const SourceFiles& files, Layout layout, Dialect dialect, Texts texts, Problems& problems)
      : files_(files),
        texts_(texts),
        set_{.layout = layout, .dialect = dialect, .migrations = {}},
        problems_(problems) {}

  void refuse(const std::string& where, std::string_view found, const std::string& hint = {}) {
    problems_.add(format("{}: {}", where, found), hint);
  }

  // What is wrong with this file is said already.
  void set_aside(const std::string& file) { used_.insert(file); }

  // Adds the migration that `file` holds, if it can be one.
  void add(const std::string& name, const std::string& file, std::int64_t when,
           std::size_t journal_line = 0) {
    const auto found = files_.find(file);
    if (found == files_.end()) {
      refuse(file, "missing, though the journal names it",
             "restore it from version control: drizzle-orm reads every file of the journal");
      return;
    }
    used_.insert(file);
    Migration migration{.name = name,
                        .file = file,
                        .sql = found->second,
                        .hash = found->second.digest(),
                        .when = when,
                        .down = {},
                        .journal_line = journal_line};
    if (is_readable(migration)) set_.migrations.push_back(std::move(migration));
  }

  void add_down(const std::string& name, const std::string& file) {
    used_.insert(file);
    const auto up = std::find_if(set_.migrations.begin(), set_.migrations.end(),
                                 [&](const Migration& each) { return each.name == name; });
    if (up == set_.migrations.end()) {
      refuse(file, format("takes back {}.sql, which is not there", name));
      return;
    }
    const SqlText& sql = files_.at(file);
    if (is_readable({.name = name, .file = file, .sql = sql, .hash = sql.digest()})) up->down = sql;
  }

  // SQL that nothing names would never run, and nobody would notice.
  void refuse_strays(const std::string& hint) {
    for (const auto& [path, unused] : files_) {
      if (!path.ends_with(kSql) || used_.contains(path)) continue;
      refuse(path, "is no migration of this folder",
             format("{}; or leave it out of the release: exclude: [\"{}\"]", hint, path));
    }
  }

  const SourceFiles& files() const { return files_; }

  MigrationSet finish() {
    if (set_.migrations.size() > kMaxMigrations) {
      refuse("source", format("found {} migrations, expected at most {}", set_.migrations.size(),
                              kMaxMigrations));
    }
    return std::move(set_);
  }

 private:
  // Whether a database could be given it: text, in statements that end. Says what is wrong with
  // each piece.
  bool is_readable(const Migration& migration) {
    if (texts_ == Texts::known) return true;
    const std::string& file = migration.file;
    if (set_.dialect == Dialect::postgresql &&
        migration.sql.beginning(kByteOrderMark.size()) == kByteOrderMark) {
      refuse(file, "begins with a byte order mark, which PostgreSQL refuses", "save it without");
      return false;
    }
    const bool is_baseline = migration.is_baseline();
    bool is_text = true;
    bool is_readable = true;
    try {
      set_.each_chunk(migration, [&](const Chunk& chunk) {
        is_text = is_text && is_utf8(chunk.text);
        if (is_text && !is_baseline && !has_statements(chunk, file)) is_readable = false;
      });
    } catch (const Error& error) {
      if (error.code() != Errc::invalid_input) throw;
      refuse(file, error.message(), error.hint());
      return false;
    }
    if (!is_text) refuse(file, "found text that is not UTF-8", "save it as UTF-8");
    return is_text && is_readable;
  }

  bool has_statements(const Chunk& chunk, const std::string& file) {
    try {
      each_statement(chunk.text, set_.dialect, [](const Statement&) {});
      return true;
    } catch (const Error& error) {
      refuse(file, format("the statement that begins in line {}: {}", chunk.line, error.message()),
             "a breakpoint splits everywhere, also within a string or a comment");
      return false;
    }
  }

  const SourceFiles& files_;
  Texts texts_;
  MigrationSet set_;
  std::set<std::string> used_;
  Problems& problems_;
};

// What the journal of drizzle-kit 0.x says of one migration.
struct JournalEntry {
  std::string tag;
  std::int64_t when;
};

// As the journals and snapshots of all releases of drizzle-kit spell it.
std::optional<Dialect> dialect_named(std::string_view word) {
  if (word == "postgresql" || word == "postgres" || word == "pg") return Dialect::postgresql;
  if (word == "sqlite" || word == "turso" || word == "libsql") return Dialect::sqlite;
  return std::nullopt;
}

// MySQL and others are refused here, with a way that works for them.
Dialect read_dialect(const Json& document, const char* where) {
  const std::string text = text_at(document, "dialect");
  if (const auto dialect = dialect_named(text)) return *dialect;
  throw Error(Errc::invalid_input,
              format("{}: found the dialect \"{}\", expected postgresql or sqlite", where,
                     printable(text, 40)),
              "a site has no driver for other databases: migrate them by a command of the release "
              "(kind: manifests, runtime: exec)");
}

// Any numbers: snapshots hold what drizzle-kit likes.
Json parse_object(const std::string& text, const std::string& where) {
  Json value = parse_json(text, where, Errc::invalid_input, Numbers::any);
  if (!value.is_object()) {
    throw Error(Errc::invalid_input,
                format("{}: found {}, expected an object", where, value.type_name()));
  }
  return value;
}

// In the journal's own order, which is that in which drizzle-orm runs them.
std::vector<JournalEntry> read_entries(const Json& journal, Problems& problems) {
  const Json& list = Fields(journal, std::string(kJournal), Errc::invalid_input).array("entries");
  std::vector<JournalEntry> entries;
  std::size_t place = 0;
  for (const Json& item : list) {
    const std::string where = format("{}: entries[{}]", kJournal, place++);
    const auto tag = item.find("tag");
    const auto when = item.find("when");
    if (tag == item.end() || !tag->is_string() || when == item.end() ||
        !when->is_number_integer()) {
      problems.add(format("{}: expected a tag and a time in milliseconds", where));
      continue;
    }
    entries.push_back({*tag, *when});
  }
  return entries;
}

// In which line of a journal a word stands, from 1: it is JSON that drizzle-kit indents, so a tag
// stands on a line of its own. Words are asked for in the order of the text, more or less.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::size_t of(std::string_view word) {
    std::size_t found = text_.find(word, at_);
    if (found == text_.npos) {
      at_ = 0;
      line_ = 1;
      found = std::min(text_.find(word), text_.size());
    }
    const std::string_view between = text_.substr(at_, found - at_);
    line_ += static_cast<std::size_t>(std::count(between.begin(), between.end(), '\n'));
    at_ = found;
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

MigrationSet read_drizzle_0(const SourceFiles& files, const std::string& journal_text, Texts texts,
                            Problems& problems) {
  const Json journal = parse_object(journal_text, std::string(kJournal));
  Reader reader(files, Layout::drizzle_0, read_dialect(journal, "meta/_journal.json"), texts,
                problems);
  std::set<std::string> tags;
  Lines lines(journal_text);
  for (const JournalEntry& entry : read_entries(journal, problems)) {
    if (!tags.insert(entry.tag).second) {
      reader.refuse(std::string(kJournal), format("names {} twice", entry.tag),
                    "remove one of both entries: drizzle-orm would run it twice");
      continue;
    }
    const std::string file = entry.tag + std::string(kSql);
    const std::size_t line = lines.of(format("\"{}\"", entry.tag));
    if (is_stem(entry.tag)) {
      reader.add(entry.tag, file, entry.when, line);
    } else {
      reader.refuse(format("{}:{}", kJournal, line),
                    format("found the tag \"{}\", expected the name of a file, without .sql",
                           printable(entry.tag, 80)),
                    "a name has at most 128 bytes, no slash, no control character, and no blank or "
                    "dot at its ends");
      reader.set_aside(file);
    }
  }
  reader.refuse_strays("add it to the journal with drizzle-kit, or remove it");
  return reader.finish();
}

// Milliseconds of YYYYMMDDHHMMSS in UTC; nothing for a time that never was. parse_time() knows
// which days a month has.
std::optional<std::int64_t> time_of_stamp(std::string_view stamp) {
  const std::string text =
      format("{}-{}-{}T{}:{}:{}Z", stamp.substr(0, 4), stamp.substr(4, 2), stamp.substr(6, 2),
             stamp.substr(8, 2), stamp.substr(10, 2), stamp.substr(12, 2));
  try {
    return parse_time(text).seconds * 1000;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// By folders alone: 1.x has no journal, and orders by their names.
MigrationSet read_drizzle_1(const SourceFiles& files, std::vector<std::string> names, Texts texts,
                            Problems& problems) {
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return collation_key(a) < collation_key(b);
  });
  std::optional<Dialect> dialect;
  for (const std::string& name : names) {
    const auto snapshot = files.find(name + "/snapshot.json");
    if (dialect || snapshot == files.end()) continue;
    dialect = read_dialect(parse_object(snapshot->second.whole(), snapshot->first),
                           snapshot->first.c_str());
  }
  if (!dialect) {
    throw Error(Errc::invalid_input, "found no snapshot.json beside a migration.sql",
                "keep what drizzle-kit writes: the snapshot says for which database it is");
  }
  Reader reader(files, Layout::drizzle_1, *dialect, texts, problems);
  for (const std::string& name : names) {
    const std::string stamp = name.substr(0, kStamp);
    const bool has_stamp =
        is_digits(stamp) && stamp.size() == kStamp && name.size() > kStamp && name[kStamp] == '_';
    const std::optional<std::int64_t> when = has_stamp ? time_of_stamp(stamp) : std::nullopt;
    const std::string file = name + std::string(kMigrationFile);
    if (!when || !is_stem(name)) {
      reader.refuse(name, "expected a name such as 20261122213201_init");
      reader.set_aside(file);
      continue;
    }
    reader.add(name, file, *when);
  }
  reader.refuse_strays("migrations are named NAME/migration.sql");
  return reader.finish();
}

}  // namespace

void MigrationSet::each_chunk(const Migration& migration,
                              const std::function<void(const Chunk&)>& look) const {
  const Marks marks = layout != Layout::sql        ? Marks::breakpoints
                      : dialect == Dialect::sqlite ? Marks::none
                                                   : Marks::psql_lines;
  const auto envelope = Envelope::of({migration.sql.open(), dialect, marks}, dialect);
  Pieces pieces(migration.sql.open(), dialect, marks);
  Chunk chunk{};
  for (std::size_t piece = 0; pieces.next(chunk); ++piece) {
    if (!envelope || !envelope->is_in(piece)) {
      look(chunk);
      continue;
    }
    const std::string opened = envelope->opened(piece, chunk.text);
    look({.text = opened, .line = chunk.line});
  }
}

// Comments and breakpoints, and nothing that a database would be given. Most migrations show in
// their first piece that they are none.
bool Migration::is_baseline() const {
  bool is_empty = true;
  try {
    Pieces pieces(sql.open(), Dialect::postgresql, Marks::none);
    Chunk chunk{};
    while (is_empty && pieces.next(chunk)) {
      each_statement(chunk.text, Dialect::postgresql, [&](const Statement&) { is_empty = false; });
    }
  } catch (const Error& error) {
    if (error.code() != Errc::invalid_input) throw;
    return false;
  }
  if (!is_empty) return false;
  Pieces parts(sql.open(), Dialect::postgresql, Marks::breakpoints);
  Chunk part{};
  return parts.next(part) && parts.next(part);
}

MigrationSet read_drizzle(const SourceFiles& files, Problems& problems, Texts texts) {
  std::vector<std::string> names;
  for (const auto& [path, unused] : files) {
    if (!path.ends_with(kMigrationFile)) continue;
    const std::string name = path.substr(0, path.size() - kMigrationFile.size());
    if (name.find('/') == std::string::npos) names.push_back(name);
  }
  const auto journal = files.find(std::string(kJournal));
  if (journal != files.end() && !names.empty()) {
    throw Error(Errc::invalid_input,
                format("found both {} and {}{}", kJournal, names.front(), kMigrationFile),
                "finish the change to drizzle-kit 1.x: drizzle-kit up, then remove the journal");
  }
  if (journal != files.end())
    return read_drizzle_0(files, journal->second.whole(), texts, problems);
  if (!names.empty()) return read_drizzle_1(files, names, texts, problems);
  throw Error(Errc::invalid_input, format("found neither {} nor NAME{}", kJournal, kMigrationFile),
              "source is the folder that drizzle-kit writes (out in drizzle.config)");
}

// Numbers are compared as numbers: 10 comes after 9, however they are padded.
MigrationSet read_sql(const SourceFiles& files, Dialect dialect, Problems& problems, Texts texts) {
  Reader reader(files, Layout::sql, dialect, texts, problems);
  struct Numbered {
    std::uint64_t number;
    std::string name;
    std::string file;
    bool takes_back;
  };
  std::vector<Numbered> found;
  for (const auto& [path, unused] : files) {
    if (!path.ends_with(kSql)) continue;
    const bool takes_back = path.ends_with(kDown);
    const std::string name = path.substr(0, path.size() - (takes_back ? kDown : kSql).size());
    const std::string digits = name.substr(0, name.find('_'));
    std::uint64_t number = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_number =
        failure == std::errc() && end == digits.data() + digits.size() && digits != name;
    if (!is_number || !is_stem(name)) continue;  // a stray
    found.push_back({number, name, path, takes_back});
  }
  // What takes back comes after what it takes back.
  std::stable_sort(found.begin(), found.end(), [](const Numbered& a, const Numbered& b) {
    return std::pair(a.takes_back, a.number) < std::pair(b.takes_back, b.number);
  });
  const Numbered* before = nullptr;
  for (const Numbered& each : found) {
    if (each.takes_back) {
      reader.add_down(each.name, each.file);
      continue;
    }
    if (before != nullptr && before->number == each.number) {
      reader.refuse(each.file, format("has the number of {}", before->file),
                    "give the next number to the one that no database has had");
    }
    before = &each;
    reader.add(each.name, each.file, 0);
  }
  reader.refuse_strays("migrations are named NUMBER_NAME.sql, and NUMBER_NAME.down.sql");
  return reader.finish();
}

// In the order of the set; who runs them turns it round.
MigrationSet ways_down(const MigrationSet& set) {
  MigrationSet down{.layout = set.layout, .dialect = set.dialect, .migrations = {}};
  for (const Migration& each : set.migrations) {
    if (!each.down) continue;
    down.migrations.push_back({.name = each.name,
                               .file = each.name + std::string(kDown),
                               .sql = *each.down,
                               .hash = each.hash,
                               .when = each.when});
  }
  return down;
}

}  // namespace sealift::migrations
