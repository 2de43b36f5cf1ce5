// SPDX-License-Identifier: Apache-2.0
#include "release/template.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release {

using tests::error_of;
using tests::messages;

namespace {

const Values kValues = {{"HOST", "example.org"},
                        {"PORT", 8080U},
                        {"OFFSET", -3},
                        {"ON", true},
                        {"OFF", false},
                        {"EMPTY", ""},
                        {"UNSET", nullptr},
                        {"HTML", "<a&\"b'>"},
                        {"TAGS", "{{HOST}} {{{X}}}"},
                        {"release.name", "chanuka"}};

std::string render(const std::string& text) {
  return Template::parse(text, "t.conf").render(kValues);
}

std::string refused(const std::string& text) {
  const auto error = error_of([&] { render(text); });
  if (error) CHECK(error->code() == Errc::invalid_input);
  return messages(error);
}

}  // namespace

TEST_CASE("template: text without tags is left as it is, byte for byte") {
  for (const std::string& text :
       {std::string(), std::string("location / { try_files $uri $uri/ /index.html; }\n"),
        std::string("proxy_set_header Host $host;\r\n\r\n"), std::string("{ \"a\": { \"b\": 1 } }"),
        std::string("}} } }}}"), std::string("no newline at the end"), std::string("\n\n  \n\t\n"),
        std::string("${NAME} $(cmd) `x` %{y} <%= z %>"), std::string("a\0b\xff", 4),
        std::string("{% raw %} # {{"
                    " ",
                    12)}) {
    CAPTURE(text);
    CHECK(render(text) == text);
  }
}

TEST_CASE("template: a value stands where its name does, in all three spellings") {
  CHECK(render("http://{{HOST}}:{{ PORT }}/") == "http://example.org:8080/");
  CHECK(render("{{{HOST}}} {{&HOST}} {{& HOST }}") == "example.org example.org example.org");
  CHECK(render("[{{OFFSET}}] [{{EMPTY}}] {{release.name}}") == "[-3] [] chanuka");
  CHECK(render("$uri{{HOST}}$uri") == "$uriexample.org$uri");
  CHECK(render("{\"port\":{{PORT}}}") == "{\"port\":8080}");
}

TEST_CASE("template: nothing is escaped for HTML") {
  CHECK(render("{{HTML}}|{{{HTML}}}|{{&HTML}}") == "<a&\"b'>|<a&\"b'>|<a&\"b'>");
}

TEST_CASE("template: a value is not read as a template again") {
  CHECK(render("{{TAGS}}") == "{{HOST}} {{{X}}}");
}

TEST_CASE("template: a boolean is text in its place and a condition in a section") {
  CHECK(render("{{ON}} {{OFF}}") == "true false");
  CHECK(render("{{#ON}}yes{{/ON}}{{#OFF}}no{{/OFF}}") == "yes");
  CHECK(render("{{^ON}}yes{{/ON}}{{^OFF}}no{{/OFF}}") == "no");
  CHECK(render("{{#ON}}{{ON}} {{^OFF}}{{HOST}}{{/OFF}}{{/ON}}") == "true example.org");
  CHECK(render("{{#ON}}a{{/ON}}{{^ON}}b{{/ON}}{{#ON}}c{{/ON}}") == "ac");
}

TEST_CASE("template: a kept section on lines of its own leaves no empty lines") {
  CHECK(render("a\n{{#ON}}\nb\n{{/ON}}\nc\n") == "a\nb\nc\n");
  CHECK(render("a\n{{#ON}}\n\nb\n\n{{/ON}}\nc\n") == "a\n\nb\n\nc\n");
}

TEST_CASE("template: an unknown name is an error with its line and the nearest name") {
  const auto error = error_of([] { render("a\nb {{HOTS}}\n"); });
  REQUIRE(error);
  CHECK(error->message() == "t.conf:2: no value is named \"HOTS\"");
  CHECK(error->hint() == "did you mean \"HOST\"?");
  CHECK_FALSE(refused("{{#NOPE}}x{{/NOPE}}").empty());
  CHECK_FALSE(refused("{{#OFF}}{{NOPE}}{{/OFF}}").empty());
}

TEST_CASE("template: a value that each site must set and this one did not is an error") {
  const auto error = error_of([] { render("{{UNSET}}"); });
  REQUIRE(error);
  CHECK(error->message() == "t.conf:1: the value UNSET is not set");
  CHECK(error->hint().find("site.yaml") != std::string::npos);
}

TEST_CASE("template: only true and false are conditions") {
  for (const char* name : {"HOST", "PORT", "EMPTY"}) {
    const std::string text = "{{#" + std::string(name) + "}}x{{/" + name + "}}";
    CHECK(refused(text).find("expected true or false") != std::string::npos);
  }
}

TEST_CASE("template: partials and other delimiters are refused") {
  CHECK(refused("{{> other}}").find("partial") != std::string::npos);
  CHECK(refused("{{=<% %>=}}").find("delimiters") != std::string::npos);
  CHECK_FALSE(refused("{{{> other}}}").empty());
  CHECK_FALSE(refused("{{{=<% %>=}}}").empty());
}

TEST_CASE("template: sections that do not balance are refused with the line where they begin") {
  CHECK(refused("a\n{{#ON}}\nb\n").find("t.conf:2: the section \"ON\" is not closed") !=
        std::string::npos);
  CHECK_FALSE(refused("{{/ON}}").empty());
  CHECK_FALSE(refused("{{#ON}}{{/OFF}}").empty());
  CHECK_FALSE(refused("{{#ON}}{{#OFF}}{{/ON}}{{/OFF}}").empty());
  CHECK_FALSE(refused("{{#ON}}{{/ON}}{{/ON}}").empty());
}

TEST_CASE("template: names of sections and values are shown without their hidden characters") {
  const Values hidden = {{"TEXT", "\u202e"}};
  for (const char* text : {"{{#\u202e}}", "{{#\u202e}}{{/ON}}", "{{#TEXT}}{{/TEXT}}"}) {
    CAPTURE(text);
    const std::string said =
        messages(error_of([&] { Template::parse(text, "t.conf").render(hidden); }));
    CHECK(said.find("\\xe2\\x80\\xae") != std::string::npos);
    CHECK(said.find("\u202e") == std::string::npos);
  }
}

TEST_CASE("template: a tag that never ends or holds no name is refused") {
  for (const char* text :
       {"{{", "{{HOST", "{{{HOST}}", "{{}}", "{{ }}", "{{#}}{{/}}", "{{HOST PORT}}", "{{HOST.x}}",
        "{{.}}", "{{../HOST}}", "{{1HOST}}", "{{HO-ST}}", "{{#ON", "{{!open", "{{ON?}}",
        "{{#ON?}}x{{/ON?}}", "{{&}}", "{{{{HOST}}}}"}) {
    CAPTURE(text);
    CHECK_FALSE(refused(text).empty());
  }
}

TEST_CASE("template: all mistakes are reported together, each with its line") {
  const std::string all = refused("{{> a}}\n{{1}}\n\n{{#ON}}\n");
  CHECK(all.find("t.conf:1: ") != std::string::npos);
  CHECK(all.find("t.conf:2: ") != std::string::npos);
  CHECK(all.find("t.conf:4: ") != std::string::npos);
  CHECK(error_of([] { render("{{A}}{{UNSET}}{{#HOST}}{{/HOST}}"); })->problems().size() == 3);
}

TEST_CASE("template: what it uses is listed with lines and conditions") {
  const Template parsed = Template::parse("{{A}}\n{{#B}}\n{{{C}}}{{/B}}{{!D}}", "t");
  REQUIRE(parsed.uses().size() == 3);
  CHECK((parsed.uses()[0].name == "A" && parsed.uses()[0].line == 1 && !parsed.uses()[0].section));
  CHECK((parsed.uses()[1].name == "B" && parsed.uses()[1].line == 2 && parsed.uses()[1].section));
  CHECK((parsed.uses()[2].name == "C" && parsed.uses()[2].line == 3 && !parsed.uses()[2].section));
}

TEST_CASE("template: nesting, input and output have limits") {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "{{#ON}}";
  for (int i = 0; i < 17; ++i) deep += "{{/ON}}";
  CHECK(refused(deep).find("deeper than 16") != std::string::npos);
  CHECK_FALSE(refused(std::string(kMaxTemplateBytes + 1, 'x')).empty());
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "{{BIG}}";
  const Values values = {{"BIG", std::string(16U << 10, 'x')}};
  CHECK(messages(error_of([&] {
          Template::parse(many, "t").render(values);
        })).find("renders to more") != std::string::npos);
}

TEST_CASE("template: the builtin values are those that the language names") {
  const Values values = builtin_values("chanuka", "1.0.0", "production");
  CHECK(
      Template::parse("{{release.name}} {{release.version}} {{environment}}", "t").render(values) ==
      "chanuka 1.0.0 production");
}

}  // namespace sealift::release
