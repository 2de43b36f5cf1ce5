// SPDX-License-Identifier: Apache-2.0

// The drivers that need no service of the host sit the exam; docs/development.md says where the
// others are tested.

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "base/json.hpp"
#include "content/media_types.hpp"
#include "databases/query.hpp"
#include "databases/sqlite_connection.hpp"
#include "installer/drivers/databases/database.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/drivers/files/directory.hpp"
#include "installer/drivers/images/image_step.hpp"
#include "installer/drivers/images/images.hpp"
#include "installer/drivers/runtime/runtime.hpp"
#include "installer/drivers/workloads/exec_runtime.hpp"
#include "installer/drivers/workloads/exec_settings.hpp"
#include "installer/drivers/workloads/systemd_runtime.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"
#include "installer/drivers/workloads/workload.hpp"
#include "tests/unit/installer/driver/exam.hpp"
#include "tests/unit/installer/driver/line/line.hpp"
#include "tests/unit/installer/driver/systemd_stand_in.hpp"
#include "tests/unit/installer/given.hpp"
#include "tests/unit/installer/store.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::conformance_test {

namespace {

using Files = std::vector<release::FileEntry>;

// A candidate with a folder of its own and a release in memory.
class Place : public tests::Candidate {
 public:
  Content& content(int) override { return store_; }

 protected:
  Layout layout() const {
    const Layout layout{.site_yaml = folder_ / "site.yaml", .state = folder_ / "state"};
    for (const fs::path& each : {layout.keys(), layout.receipts(), layout.backups()}) {
      make_dirs(each);
    }
    return layout;
  }
  std::string path_of(const std::string& name) const { return folder_ / name; }
  tests::Store& store() { return store_; }

 private:
  tests::ScratchFolder folder_;
  tests::Store store_;
};

std::string text_in(const fs::path& file) {
  return path_exists(file) ? read_file(file, 1 << 20) : std::string();
}

class LineCandidate : public Place {
 public:
  Driver& driver() override { return *driver_; }
  Wish wish(int release, int before) override {
    Wish wish = tests::given_wish(release, path());
    if (release != 0) wish = tests::with_tree(std::move(wish), line(release), 1);
    if (before != 0) wish.before = placement(before);
    return wish;
  }
  Placement placement(int release) override {
    return {.component = "web",
            .target = "web",
            .driver = "line",
            .path = path(),
            .directory = {},
            .table = line(release)};
  }
  std::string served() override { return text_in(path()); }
  void damage() override { write_file(path(), "by hand\n"); }

 private:
  std::string path() const { return path_of("line"); }
  Digest line(int release) { return store().add(format("release {}\n", release)); }

  std::unique_ptr<Driver> driver_ = line_driver();
};

// A component whose files lie in PATH/releases.
class TreeCandidate : public Place {
 public:
  explicit TreeCandidate(std::string name) : name_(std::move(name)) {}

  Content& content(int release) override {
    store().serve(files(release));
    return store();
  }
  Wish wish(int release, int before) override {
    Wish wish = tests::given_wish(release, path());
    wish.settings = settings(release);
    if (release != 0)
      wish = tests::with_tree(std::move(wish), table(release), files(release).size());
    if (before != 0) wish.before = placement(before);
    return wish;
  }
  Placement placement(int release) override {
    return {.component = "web",
            .target = "web",
            .driver = name_,
            .path = path(),
            .directory = format("releases/{}.0.0-0123456789ab", release),
            .table = table(release),
            .settings = settings(release)};
  }
  void damage() override { write_file(fs::path(path()) / "current/index.html", "by hand"); }

 protected:
  virtual Json settings(int) { return nullptr; }
  virtual Files files(int release) {
    Files files;
    for (const char* name : {"app.js", "index.html"}) {
      files.push_back(store().file(name, format("{} of release {}\n", name, release)));
    }
    return files;
  }
  std::string path() const { return path_of("srv"); }

 private:
  Digest table(int release) { return store().table_of(files(release)); }

  std::string name_;
};

class DirectoryCandidate : public TreeCandidate {
 public:
  DirectoryCandidate() : TreeCandidate("directory") {}
  Driver& driver() override { return *driver_; }
  std::string served() override { return text_in(fs::path(path()) / "current/index.html"); }

 private:
  std::unique_ptr<Driver> driver_ = directory_driver(layout());
};

// Its commands write a file, and take it away again.
class ExecCandidate : public TreeCandidate {
 public:
  ExecCandidate() : TreeCandidate("exec") {}
  Driver& driver() override { return *driver_; }
  Driver& worker(const Step& step) override { return step.driver == "exec" ? *driver_ : *files_; }
  std::string served() override { return text_in(path_of("running")); }
  std::set<tests::Exempt> exemptions() const override {
    return {tests::Exempt::check, tests::Exempt::idle_plan};
  }

 private:
  Json settings(int) override {
    release::Workload workload;
    workload.runtime = release::kExec;
    workload.apply = {"./bin/up"};
    workload.undo = {"./bin/down"};
    workload.timeout = 60;
    return to_json(ExecSettings{.component = "web", .workload = workload});
  }
  Files files(int release) override {
    const std::string place = path_of("running");
    Files files = {
        store().file("bin/down", format("#!/bin/sh\nrm -f '{}'\n", place)),
        store().file("bin/up", format("#!/bin/sh\necho release {} >'{}'\n", release, place)),
        store().file("index.html", format("release {}\n", release))};
    for (release::FileEntry& file : files) file.mode = 0755;
    files.insert(files.begin(), {.path = RelPath::parse("bin"),
                                 .type = EntryType::directory,
                                 .mode = 0755,
                                 .digest = {},
                                 .target = {}});
    return files;
  }

  std::unique_ptr<Driver> driver_ = workload_driver("exec", layout(), exec_runtime());
  std::unique_ptr<Driver> files_ = directory_driver(layout());
};

// A service that is enabled, and made otherwise in each release.
class SystemdCandidate : public TreeCandidate {
 public:
  SystemdCandidate() : TreeCandidate("systemd") {}
  Driver& driver() override { return *driver_; }
  Driver& worker(const Step& step) override {
    return step.driver == "systemd" ? *driver_ : *files_;
  }
  std::string served() override { return systemd_.running(kUnit); }
  std::set<tests::Exempt> exemptions() const override {
    return {tests::Exempt::check, tests::Exempt::idle_plan};
  }

 private:
  static constexpr const char* kUnit = "web.service";

  Json settings(int release) override {
    return to_json(SystemdSettings{.command = {"systemctl"},
                                   .folder = systemd_.units(),
                                   .path = path(),
                                   .timeout = 60,
                                   .units = {{kUnit,
                                              {.files = {kUnit},
                                               .ours = true,
                                               .job = false,
                                               .install = Digest::of("multi-user").hex(),
                                               .inputs = Digest::of(unit(release)).hex()}}}});
  }
  static std::string unit(int release) {
    return format("[Service]\nExecStart=/bin/sleep {}\n[Install]\nWantedBy=multi-user.target\n",
                  release);
  }
  Files files(int release) override {
    return {store().file("index.html", format("release {}\n", release)),
            store().file(kUnit, unit(release))};
  }

  tests::SystemdStandIn systemd_;
  std::unique_ptr<Driver> driver_ =
      workload_driver("systemd", layout(), systemd_runtime(layout(), std::chrono::milliseconds(0)));
  std::unique_ptr<Driver> files_ = directory_driver(layout());
};

class ImagesCandidate : public Place {
 public:
  explicit ImagesCandidate(const std::string& name) : name_(name), driver_(images_driver(name)) {
    make_dirs(path());
  }
  Driver& driver() override { return *driver_; }
  Wish wish(int release, int before) override {
    Wish wish = tests::given_wish(release, path());
    wish.settings = settings();
    if (release != 0)
      wish = tests::with_images(std::move(wish), document(release), images(release));
    if (before != 0) wish.before = placement(before);
    return wish;
  }
  Placement placement(int release) override {
    return {.component = "web",
            .target = "web",
            .driver = name_,
            .path = name_ + ":web",
            .directory = {},
            .table = document(release),
            .images = images(release),
            .settings = settings()};
  }

 protected:
  std::string path() const { return path_of("images"); }
  static constexpr const char* kReference = "registry.site/chanuka/web:stable";

 private:
  Json settings() const {
    release::Target target;
    target.path = path();
    return to_json(image_settings(target, "0123456789abcdef"));
  }
  Digest document(int release) { return store().add(format("document {}", release)); }
  std::vector<PlacedImage> images(int release) {
    const content::Image& image = store().add_image(format("layer of release {}", release));
    return {{.name = kReference,
             .reference = kReference,
             .digest = image.root.digest,
             .manifest = image.root.digest,
             .config = image.variants.front().config.digest}};
  }

  std::string name_;
  std::unique_ptr<Driver> driver_;
};

class LayoutCandidate : public ImagesCandidate {
 public:
  LayoutCandidate() : ImagesCandidate("oci-layout") {}
  std::string served() override {
    if (!path_exists(index())) return "";
    const Json value = parse_json(text_in(index()), index().string());
    for (const Json& row : value["manifests"]) {
      if (row["annotations"][annotation::kRefName] == kReference) return row["digest"];
    }
    return "";
  }
  void damage() override {
    Json value = parse_json(text_in(index()), index().string());
    value["manifests"] = Json::array();
    write_file(index(), value.dump());
  }

 private:
  fs::path index() const { return fs::path(path()) / "index.json"; }
};

class FolderCandidate : public ImagesCandidate {
 public:
  FolderCandidate() : ImagesCandidate("image-folder") {}
  std::string served() override { return text_in(file()); }
  void damage() override { write_file(file(), "by hand"); }

 private:
  fs::path file() const { return fs::path(path()) / "registry.site+chanuka+web=stable.tar"; }
};

// Each release has one migration more.
class SqliteCandidate : public Place {
 public:
  Driver& driver() override { return *driver_; }
  Content& content(int release) override {
    store().serve(files(release));
    return store();
  }
  Wish wish(int release, int before) override {
    Wish wish = tests::given_wish(release, "database:app");
    wish.target = "app";
    wish.settings = to_json(settings());
    if (release != 0) {
      wish = tests::with_migrations(std::move(wish), store().table_of(files(release)),
                                    read_migrations(content(release), "web", settings()));
    }
    if (before != 0) wish.before = placement(before);
    return wish;
  }
  Placement placement(int release) override {
    return {.component = "web",
            .target = "app",
            .driver = "sqlite",
            .path = "database:app",
            .directory = {},
            .table = store().table_of(files(release)),
            .settings = to_json(settings())};
  }
  std::string served() override {
    if (!path_exists(file())) return "";
    return databases::ask_sqlite(file(),
                                 "SELECT coalesce(group_concat(name), '') FROM sqlite_master WHERE "
                                 "name LIKE 'release%'",
                                 std::chrono::seconds(5));
  }
  void damage() override {
    const databases::SqliteConnection app(file(), SQLITE_OPEN_READWRITE, std::chrono::seconds(5));
    app.exec("DELETE FROM __sealift_migrations");
  }
  std::set<tests::Exempt> exemptions() const override {
    return {tests::Exempt::is_current, tests::Exempt::removal};
  }

 private:
  fs::path file() const { return path_of("app.db"); }
  DatabaseSettings settings() const {
    release::Site site;
    site.databases["app"].driver = "sqlite";
    site.databases["app"].path = file();
    release::CarriedMigrations carried;
    carried.format = "sql";
    carried.dialect = "sqlite";
    carried.transactions = "run";
    carried.late = "refused";
    carried.rollback = "restore";
    return database_settings("app", site, carried);
  }
  Files files(int release) {
    Files files;
    for (int i = 1; i <= release; ++i) {
      files.push_back(store().file(format("000{}_more.sql", i),
                                   format("CREATE TABLE release_{} (id INTEGER);\n", i)));
    }
    return files;
  }

  Workers workers_{1};
  std::unique_ptr<Driver> driver_ = database_driver("sqlite", layout(), workers_);
};

template <typename Kind>
std::unique_ptr<tests::Candidate> enrol() {
  return std::make_unique<Kind>();
}

}  // namespace

TEST_CASE("driver: a line passes the exam of drivers") {
  tests::sit_exam(enrol<LineCandidate>);
}

TEST_CASE("driver: directory passes the exam of drivers") {
  tests::sit_exam(enrol<DirectoryCandidate>);
}

TEST_CASE("driver: exec passes the exam of drivers") {
  tests::sit_exam(enrol<ExecCandidate>);
}

TEST_CASE("driver: systemd passes the exam of drivers, with a stand-in of systemd") {
  tests::sit_exam(enrol<SystemdCandidate>);
}

TEST_CASE("driver: oci-layout passes the exam of drivers") {
  tests::sit_exam(enrol<LayoutCandidate>);
}

TEST_CASE("driver: image-folder passes the exam of drivers") {
  tests::sit_exam(enrol<FolderCandidate>);
}

TEST_CASE("driver: sqlite passes the exam of drivers") {
  tests::sit_exam(enrol<SqliteCandidate>);
}

TEST_CASE("driver: a run of migrations that was cut off is gone on with, and is no whole one") {
  SqliteCandidate candidate;
  Silence silence;
  const StopFlag stop;
  const auto only = [](const std::vector<Step>& steps) {
    REQUIRE(steps.size() == 2);
    return steps[1];
  };
  const Step one = only(candidate.driver().plan(candidate.wish(1, 0)));
  const Step both = only(candidate.driver().plan(candidate.wish(2, 0)));
  StepIo io{.content = candidate.content(1), .progress = silence, .stop = stop};
  candidate.driver().apply(one, io);
  candidate.content(2);
  CHECK(candidate.driver().check(both, io) == StepState::not_applied);
  candidate.driver().apply(both, io);
  CHECK(candidate.served() == "release_1,release_2");
  CHECK(candidate.driver().check(both, io) == StepState::applied);
}

}  // namespace sealift::installer::conformance_test
