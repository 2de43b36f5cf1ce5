// SPDX-License-Identifier: Apache-2.0
#include "release/values/dotenv.hpp"

#include <catch2/catch.hpp>

#include "release/values/environment.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::dotenv_test {

namespace {

Json value_of(const std::string& text) {
  return parse_dotenv(text, "a.env").at("A").value;
}

}  // namespace

TEST_CASE("dotenv: values are read as Compose reads them") {
  CHECK(value_of("A=value") == "value");
  CHECK(value_of("export A=value\r\n") == "value");
  CHECK(value_of("export\tA = spaced  \n") == "spaced");
  CHECK(value_of("A: 'as: it # stands $HOME \\n'") == "as: it # stands $HOME \\n");
  CHECK(value_of("A='it\\'s'") == "it's");
  CHECK(value_of("A=\"two\\nlines\\t\\\"\\\\\\$X\" # comment") == "two\nlines\t\"\\$X");
  CHECK(value_of("A=\"other \\d stays\"") == "other \\d stays");
  CHECK(value_of("A=value # comment") == "value");
  CHECK(value_of("A=value#no-comment") == "value#no-comment");
  CHECK(value_of("A= # comment") == "");
  CHECK(value_of("A=#no-comment") == "#no-comment");
  CHECK(value_of("A=") == "");
  CHECK(value_of("A=a=b:c") == "a=b:c");
  CHECK(value_of("A=costs 5$ or $5") == "costs 5$ or $5");
  CHECK(value_of("A=don't") == "don't");
  CHECK(value_of("\xEF\xBB\xBF# a comment\n\n  \nA=x") == "x");
}

TEST_CASE("dotenv: a key alone is left to the site, one with = is empty text") {
  for (const char* alone : {"A", "A ", "export A", "A # comment", "A\r"}) {
    CAPTURE(alone);
    CHECK(value_of(alone).is_null());
  }
  for (const char* empty :
       {"A=", "A= ", "export A=", "A= # comment", "A=\r", "A=''", "A=\"\"", "A:"}) {
    CAPTURE(empty);
    CHECK(value_of(empty) == "");
  }
}

TEST_CASE("dotenv: a key above is put in place as Compose does") {
  const auto last = [](const std::string& line) {
    return parse_dotenv("HOST=h\nEMPTY=\nQUOTED='$x'\nZ=" + line, "a.env").at("Z").value;
  };
  CHECK(last("http://${HOST}:80/$HOST") == "http://h:80/h");
  CHECK(last("\"<${HOST}>\\n$HOST\"") == "<h>\nh");
  CHECK(last("'${HOST}'") == "${HOST}");
  CHECK(last("${QUOTED}") == "$x");
  CHECK(last("${OTHER:-x}") == "x");
  CHECK(last("${OTHER-x}") == "x");
  CHECK(last("${Z:-3000}") == "3000");
  CHECK(last("${EMPTY:-x}") == "x");
  CHECK(last("${EMPTY-x}") == "");
  CHECK(last("${HOST:-x}") == "h");
  CHECK(last("${OTHER:-${EMPTY:-<$HOST>}}") == "<h>");
  CHECK(last("[${HOST:+x}${OTHER:+y}${EMPTY:+z}${EMPTY+w}]") == "[xw]");
  CHECK(last("${HOST:?must be set}") == "h");
}

TEST_CASE("dotenv: what only the machine or a site could say is refused, with what works") {
  const auto refused = [](const std::string& line) {
    return tests::error_of([&] { parse_dotenv("SITE\nEMPTY=\nZ=" + line, "a.env"); });
  };
  for (const char* line : {"${OTHER}", "$OTHER", "${OTHER:?why}", "${EMPTY:?why}", "${OTHER/a/b}",
                           "${}", "${1}", "${OTHER:}"}) {
    CAPTURE(line);
    const auto error = refused(line);
    REQUIRE(error);
    CHECK(error->message().starts_with("a.env:3: found \""));
    CHECK(error->hint().find("${NAME:-value}") != std::string::npos);
  }
  CHECK(refused("${SITE}")->hint().find("{{SITE}}") != std::string::npos);
  CHECK(tests::messages(refused("${OTHER:-x")).find("closing brace") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "${A:-";
  CHECK(refused(deep + std::string(1000, '}')));
  CHECK(tests::refusal_of([] {
          std::string text = "A=" + std::string(10'000, 'a') + "\nB=";
          for (int i = 0; i < 100'000; ++i) text += "$A";
          parse_dotenv(text, "a.env");
        }) == Errc::invalid_input);
}

TEST_CASE("dotenv: a key alone is left to each site") {
  CHECK(value_of("A").is_null());
  CHECK(value_of("export A # why\n").is_null());
}

TEST_CASE("dotenv: a quoted value may have lines, and what follows keeps its number") {
  const auto entries = parse_dotenv("A=\"one\ntwo\"\n\nB='three\r\nfour'\nC=5\n", "a.env");
  CHECK(entries.at("A").value == "one\ntwo");
  CHECK(entries.at("B").value == "three\nfour");
  CHECK(entries.at("B").line == 4);
  CHECK(entries.at("C").line == 6);
}

TEST_CASE("dotenv: the same value twice is that value") {
  CHECK(parse_dotenv("A=1\nB=2\nexport A='1'\n", "a.env").at("A").value == "1");
}

TEST_CASE("dotenv: keys that only Compose takes") {
  const std::string text = "86D_URL=a\nspring.profile=b\nC-D=c\n";
  CHECK(parse_dotenv(text, ".env", DotenvKeys::compose).at("spring.profile").value == "b");
  const std::string said = tests::messages(tests::error_of([&] { parse_dotenv(text, "a.env"); }));
  CHECK(said.find("a.env:1: found the key \"86D_URL\", expected letters, digits and _, a digit "
                  "not first") != said.npos);
  CHECK(said.find("a.env:3: ") != said.npos);
  CHECK(tests::refusal_of([] { parse_dotenv("A B=1", ".env", DotenvKeys::compose); }) ==
        Errc::invalid_input);
}

TEST_CASE("dotenv: every mistake is said with its line") {
  const auto error = tests::error_of([] {
    parse_dotenv(
        "A=1\nA=2\nB-C=3\nD=$HOME/x\nE=\"${F}\"\nF=a$$b\nG='x' y\nH='ok'# no\n=5\nI=\"open\n",
        "a.env");
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::invalid_input);
  const std::string said = tests::messages(error);
  CAPTURE(said);
  REQUIRE(error->problems().size() == 9);
  CHECK(said.find("a.env:2: found the key A twice, expected it once; it stands in line 1 too") !=
        said.npos);
  CHECK(said.find("a.env:3: found the key \"B-C\", expected letters, digits and _") != said.npos);
  CHECK(said.find("a.env:4: found \"$HOME/x\"") != said.npos);
  CHECK(said.find("a.env:5: found \"${F}\"") != said.npos);
  CHECK(said.find("a.env:6: found \"$$b\"") != said.npos);
  CHECK(said.find("a.env:7: found \"y\" behind the closing quote") != said.npos);
  CHECK(said.find("a.env:8: ") != said.npos);
  CHECK(said.find("a.env:9: ") != said.npos);
  CHECK(said.find("a.env:10: found a value that \" opens") != said.npos);
  CHECK(error->problems()[2].hint.find("single quotes") != std::string::npos);
}

TEST_CASE("dotenv: bytes that nobody sees and files without end are refused") {
  const auto refusal = [](const std::string& text) {
    return tests::refusal_of([&] { parse_dotenv(text, "a.env"); });
  };
  CHECK(refusal(std::string("A=a\0b", 5)) == Errc::invalid_input);
  CHECK(refusal("A=\x1b[31m") == Errc::invalid_input);
  CHECK(refusal("A=\xff") == Errc::invalid_input);
  CHECK(refusal("A=" + std::string(kMaxDotenvValue + 1, 'a')) == Errc::invalid_input);
  CHECK(refusal(std::string(kMaxDotenvBytes + 1, '\n')) == Errc::invalid_input);
  std::string keys;
  for (std::size_t i = 0; i <= kMaxDotenvKeys; ++i) keys += "K" + std::to_string(i) + "=\n";
  CHECK(refusal(keys) == Errc::invalid_input);
}

TEST_CASE("dotenv: an environment knows the line of each value") {
  const tests::ScratchFolder folder;
  write_file(folder / "staging.env", "# ours\nA=1\nB\n");
  const Environment environment = load_dotenv(folder / "staging.env", "staging");
  CHECK(environment.values == Values{{"A", "1"}, {"B", nullptr}});
  CHECK(environment.place("B") == (folder / "staging.env").string() + ":3: B");
  CHECK(environment.place("C") == (folder / "staging.env").string());
}

}  // namespace sealift::release::dotenv_test
