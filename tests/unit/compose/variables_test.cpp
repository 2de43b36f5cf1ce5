// SPDX-License-Identifier: Apache-2.0
#include "compose/variables.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::compose::variables_test {

namespace {

const Variables kSet = {{"A", "one"}, {"EMPTY", ""}, {"n2", "two"}};

std::string filled(const std::string& text) {
  return Interpolation(kSet).fill(text);
}

std::string refused(const std::string& text) {
  return tests::messages(tests::error_of([&] { filled(text); }));
}

}  // namespace

TEST_CASE("compose variables: a key alone is not set, one with = is empty text", "[compose]") {
  const Variables variables = read_variables("ALONE\nSPACED  # comment\nNOTHING=\nQUOTED=''\n");
  CHECK(variables == Variables{{"NOTHING", ""}, {"QUOTED", ""}});
  Interpolation interpolation(variables);
  CHECK(interpolation.fill("${ALONE-d}${ALONE:-d}${ALONE+x}") == "dd");
  CHECK(interpolation.fill("[${NOTHING-d}${NOTHING:-d}${NOTHING+x}]") == "[dx]");
  CHECK(interpolation.fill("[$ALONE$NOTHING]") == "[]");
  CHECK(interpolation.unset() == std::set<std::string>{"ALONE"});
}

TEST_CASE("compose variables: every form that Compose knows", "[compose]") {
  CHECK(filled("$A-${A}-${n2}.") == "one-one-two.");
  CHECK(filled("${A:-x} ${EMPTY:-x} ${EMPTY-x} ${NO:-x} ${NO-x} ${NO:-}") == "one x  x x ");
  CHECK(filled("${A:+x} ${EMPTY:+x} ${EMPTY+x} ${NO+x}") == "x  x ");
  CHECK(filled("${A:?m}${A?m}${EMPTY?m}") == "oneone");
  CHECK(filled("${NO:-${A}}/${NO:-${NEIN:-a-b:c/d}}:${NO:-{x}}") == "one/a-b:c/d:{x}");
  CHECK(filled("$$A $${A}") == "$A ${A}");
  CHECK(filled("plain {braces} 100%") == "plain {braces} 100%");
}

TEST_CASE("compose variables: what is missing is said", "[compose]") {
  CHECK(refused("${NO:?set it}").find("NO is not set: set it") != std::string::npos);
  CHECK(refused("${EMPTY:?}").find("EMPTY is empty") != std::string::npos);
  for (const char* each : {"${", "${A", "${}", "${1}", "${A!x}", "${A:x}"}) {
    CHECK(refused(each).find("expected a variable") != std::string::npos);
  }
}

TEST_CASE("compose variables: a $ that begins none stays, and is noted", "[compose]") {
  Interpolation interpolation(kSet);
  CHECK(interpolation.fill("$(date) $1 \"$@\" `^.+$` a$") == "$(date) $1 \"$@\" `^.+$` a$");
  CHECK(interpolation.lone().contains("$1 \"$@\" `^.+$` a$"));
  CHECK(interpolation.fill("$A$$A") == "one$A");
  CHECK(interpolation.lone().size() == 5);
}

TEST_CASE("compose variables: those that nothing sets are noted", "[compose]") {
  Interpolation interpolation(kSet);
  CHECK(interpolation.fill("$NO ${NEIN} ${DEFAULT:-x} $A").find(" ") == 0);
  CHECK(interpolation.unset() == std::set<std::string>{"NEIN", "NO"});
}

TEST_CASE("compose variables: names that only begin like the host's are the file's", "[compose]") {
  CHECK(filled("x:${DOCKER_TAG:-1}/${CONTAINER_NAME:-c}") == "x:1/c");
  CHECK(variables_in("image: x:${DOCKER_TAG}") == std::set<std::string>{"DOCKER_TAG"});
}

TEST_CASE("compose variables: the host's stay as they stand", "[compose]") {
  CHECK(filled("$HOME/x:${HOME:-/root}") == "$HOME/x:${HOME:-/root}");
  CHECK(filled("${DOCKER_HOST}") == "${DOCKER_HOST}");
  CHECK(variables_in("image: ${DOCKER_HOST}") == std::set<std::string>{});
}

TEST_CASE("compose variables: names are found in a template", "[compose]") {
  CHECK(variables_in("a: ${A:-${B}}\n# $C\nb: $$D $E{{X}} ${HOME}\n  # ${F}\n{{#X}}\nc: ${G}") ==
        std::set<std::string>{"A", "B", "E", "G"});
}

}  // namespace sealift::compose::variables_test
