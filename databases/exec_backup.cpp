// SPDX-License-Identifier: Apache-2.0
#include "databases/exec_backup.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"

namespace sealift::databases {

namespace {

constexpr std::chrono::hours kLongestSilence{24};

void check(const Outcome& outcome, const std::vector<std::string>& words, Errc code) {
  if (outcome.status == 0) return;
  throw Error(code, format("{} ended with status {}: {}", printable(words.front(), 80),
                           outcome.status, printable_lines(outcome.error_output)));
}

class ExecBackedDatabase : public Database {
 public:
  ExecBackedDatabase(BackupPrograms programs, std::unique_ptr<Database> inner)
      : programs_(std::move(programs)), inner_(std::move(inner)) {}

  void dump(Sink& to) override {
    ProgramSource source(command(programs_.create));
    copy(source, to);
    check(source.finish(), programs_.create, Errc::io);
  }
  void check_dump(Source& dump) override { feed(programs_.verify, dump, Errc::corrupt); }
  void restore(Source& dump, const Restoring&) override {
    feed(programs_.restore, dump, Errc::target_failed);
  }
  bool finish_restore(const std::string&) override { return false; }
  std::unique_ptr<Database> rehearsal(Source&) override {
    throw Error(Errc::incompatible,
                format("the database {}: its backups are made by {}, which cannot be rehearsed on",
                       programs_.database, printable(programs_.create.front(), 80)));
  }

  migrations::Dialect dialect() const override { return inner_->dialect(); }
  Facts facts() override { return inner_->facts(); }
  migrations::Applied applied(const migrations::TrackingTable& table) override {
    return inner_->applied(table);
  }
  bool exists() override { return inner_->exists(); }
  Json describe() override { return inner_->describe(); }
  void check_restorable(const Json&) override {}
  void migrate(const Run& run) override { inner_->migrate(run); }
  void rehash(const migrations::TrackingTable& table, const migrations::AppliedRow& row,
              const std::string& hash) override {
    inner_->rehash(table, row, hash);
  }
  void end_leftovers() override { inner_->end_leftovers(); }
  std::vector<std::string> kept() override { return inner_->kept(); }
  void drop_kept(const std::string& name) override { inner_->drop_kept(name); }

 private:
  Command command(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {"env", format("SEALIFT_DATABASE={}", programs_.database)};
    all.insert(all.end(), words.begin(), words.end());
    return {.arguments = std::move(all), .folder = {}, .input = {}, .timeout = kLongestSilence};
  }

  void feed(const std::vector<std::string>& words, Source& dump, Errc code) const {
    ProgramSink sink(command(words));
    try {
      copy(dump, sink);
    } catch (const Error& error) {
      // A program need not read what it is given; what was kept must still be whole.
      if (error.code() == Errc::corrupt) throw;
    }
    check(sink.finish(), words, code);
  }

  BackupPrograms programs_;
  std::unique_ptr<Database> inner_;
};

}  // namespace

std::unique_ptr<Database> with_backups_by(BackupPrograms programs,
                                          std::unique_ptr<Database> inner) {
  return std::make_unique<ExecBackedDatabase>(std::move(programs), std::move(inner));
}

}  // namespace sealift::databases
