// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "builder/kind/kind.hpp"
#include "builder/kinds/registry.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::builder::templates_test {

using tests::error_of;
using tests::messages;

namespace {

using Paths = std::vector<std::string>;

struct Configuration {
  Configuration() {
    fs::create_directories(folder / "config/boards");
    fs::create_directory(folder / "environments");
    write_file(folder / "environments/production.yaml", "schema: 1\nvalues: {}\n");
  }

  void file(const std::string& path, const std::string& content) {
    write_file(folder / "config" / path, content);
  }

  BuiltComponent build(const std::string& keys = "") {
    write_file(
        folder / "release.yaml",
        format("schema: 1\nname: demo\nversion: 1.0.0\nenvironments: [production]\n"
               "components:\n  - {{name: etc, kind: config, source: config, target: etc{}}}\n",
               keys));
    const release::Release release = release::load_release(folder / "release.yaml");
    Workers workers(1);
    bundle::Spool spool(folder.path(), workers, {});
    Silence silence;
    return kind_named("config").build(release.components.front(),
                                      {release, {}, {}, spool, workers, silence});
  }

  tests::ScratchFolder folder;
};

Paths names_of(const BuiltComponent& built) {
  Paths names;
  for (const ValueUse& use : built.uses) names.push_back(use.name);
  return names;
}

const std::string kZero(1, '\0');

}  // namespace

TEST_CASE("templates: a file that is no text is no template, whatever stands in it") {
  Configuration configuration;
  configuration.file("app.env", "NAME={{NAME}}\n");
  configuration.file("tool",
                     "\x7f"
                     "ELF" +
                         kZero + "{{\xff}} {{NAME");
  configuration.file("picture", "PNG" + kZero);
  configuration.file("large", std::string(5U << 20, 'x') + kZero);
  const BuiltComponent built = configuration.build();
  CHECK(names_of(built) == Paths{"NAME"});
  // Only those that an installer that does not know the list would change or refuse.
  CHECK(built.component.document.raw == Paths{"large", "tool"});
}

TEST_CASE("templates: a text of any size without braces is carried as it is") {
  Configuration configuration;
  configuration.file("large.csv", std::string(5U << 20, '{' - 1));
  configuration.file("small.csv", "a,b\n");
  CHECK(configuration.build().component.document.raw == Paths{"large.csv"});
}

TEST_CASE("templates: a file that raw names keeps its braces, one beside it is a template") {
  Configuration configuration;
  configuration.file("app.env", "NAME={{NAME}}\n");
  configuration.file("boards/a.json", "{{instance}} {{ $labels.job }} {{");
  configuration.file("boards/b.json", "{}");
  const BuiltComponent built = configuration.build(", raw: [\"boards/**\"]");
  CHECK(names_of(built) == Paths{"NAME"});
  CHECK(built.component.document.raw == Paths{"boards/a.json"});
}

TEST_CASE("templates: what outputs makes is a template whatever raw says") {
  Configuration configuration;
  configuration.file("a.json", "{{x y}}");
  write_file(configuration.folder / "environments/production.yaml",
             "schema: 1\nvalues: {NAME: x}\n");
  const BuiltComponent built =
      configuration.build(", raw: [\"**\"], outputs: [{file: app.env, format: dotenv}]");
  CHECK_FALSE(built.templates.empty());
  CHECK(built.component.document.raw == Paths{"a.json"});
}

TEST_CASE("templates: a glob of raw without a file is a mistake") {
  Configuration configuration;
  configuration.file("app.env", "A=1\n");
  const auto error = error_of([&] { configuration.build(", raw: [\"dashboards/**\"]"); });
  CHECK(messages(error).find("release.yaml:6: components[0].raw[0]: \"dashboards/**\" matches no "
                             "file of this component") != std::string::npos);
}

TEST_CASE("templates: every mistake in one says how to keep the braces") {
  Configuration configuration;
  configuration.file("a", "{{ $labels.job }}\n{{");
  configuration.file("b", std::string(5U << 20, '{'));
  const auto error = error_of([&] { configuration.build(); });
  REQUIRE(error);
  CHECK(error->problems().size() == 3);
  for (const Problem& problem : error->problems()) {
    CAPTURE(problem.message);
    CHECK(problem.hint.find("name the file in raw") != std::string::npos);
    CHECK(problem.hint.find("{{\"{{\"}}") != std::string::npos);
  }
}

}  // namespace sealift::builder::templates_test
