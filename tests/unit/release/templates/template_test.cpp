// SPDX-License-Identifier: Apache-2.0
#include "release/templates/template.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::template_test {

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
                        {"LIST", Json::array({"a", "b", 3})},
                        {"NONE", Json::array()},
                        {"SERVERS", Json::array({{{"host", "one"}, {"port", 1}, {"up", true}},
                                                 {{"host", "two"}, {"port", 2}, {"up", false}}})},
                        {"NASTY", "it's \"$A\" \\ # x\n\u00e9 "},
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

TEST_CASE("template: a check says what rendering would, but passes over what is not set") {
  const auto checked = [](const std::string& text) {
    return messages(error_of([&] { Template::parse(text, "t").check(kValues); }));
  };
  CHECK(checked("{{UNSET}}{{#UNSET}}{{HOST | dotenv}}{{/UNSET}}{{UNSET | nginx}}").empty());
  CHECK(checked("{{UNSET}}{{NASTY | nginx}}").find("NASTY holds") != std::string::npos);
  CHECK(checked("{{#LIST}}{{NOPE}}{{/LIST}}").find("no value is named") != std::string::npos);
}

TEST_CASE("template: only true and false are conditions") {
  for (const char* name : {"HOST", "PORT", "EMPTY"}) {
    const std::string text = "{{#" + std::string(name) + "}}x{{/" + name + "}}";
    CHECK(refused(text).find("expected true or false") != std::string::npos);
    CHECK(refused("{{#OFF}}" + text + "{{/OFF}}").find("expected") != std::string::npos);
  }
  const auto error = error_of([] { render("{{#HOST}}x{{/HOST}}"); });
  REQUIRE(error);
  CHECK(error->message() ==
        "t.conf:1: the condition HOST is text, expected true or false, or a list");
  CHECK(error->hint().find("{{#HOST | set}}") != std::string::npos);
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
  for (const char* text : {"{{#\u202e}}", "{{#\u202e}}{{/ON}}", "{{ON | \u202e}}"}) {
    CAPTURE(text);
    const std::string said =
        messages(error_of([&] { Template::parse(text, "t.conf").render(kValues); }));
    CHECK(said.find("\\xe2\\x80\\xae") != std::string::npos);
    CHECK(said.find("\u202e") == std::string::npos);
  }
}

TEST_CASE("template: a tag that never ends or holds no name is refused") {
  for (const char* text : {"{{",
                           "{{HOST",
                           "{{{HOST}}",
                           "{{}}",
                           "{{ }}",
                           "{{#}}{{/}}",
                           "{{HOST PORT}}",
                           "{{HOST.x}}",
                           "{{.}}",
                           "{{.last}}",
                           "{{#ON}}{{.}}{{/ON}}",
                           "{{../HOST}}",
                           "{{\"}}",
                           "{{\"a\" b}}",
                           "{{\"a\nb\"}}",
                           "{{HOST |}}",
                           "{{HOST | json |}}",
                           "{{HOST | json \"x\"}}",
                           "{{LIST | join}}",
                           "{{LIST | join ,}}",
                           "{{LIST | join \",\" x}}",
                           "{{| json}}",
                           "{{1HOST}}",
                           "{{HO-ST}}",
                           "{{#ON",
                           "{{!open",
                           "{{ON?}}",
                           "{{#ON?}}x{{/ON?}}",
                           "{{&}}",
                           "{{{{HOST}}}}"}) {
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

TEST_CASE(
    "template: a section over a list is repeated for each item, its inverse where there is none") {
  CHECK(render("{{#LIST}}<{{.}}>{{/LIST}}") == "<a><b><3>");
  CHECK(render("{{^LIST}}none{{/LIST}}{{#NONE}}x{{/NONE}}{{^NONE}}none{{/NONE}}") == "none");
  CHECK(render("{{#SERVERS}}{{host}}:{{port}}{{#up}} up{{/up}};{{/SERVERS}}") == "one:1 up;two:2;");
  CHECK(render("{{#LIST}}{{.}}{{^.last}}, {{/.last}}{{/LIST}}") == "a, b, 3");
  CHECK(render("{{#LIST}}{{#.first}}[{{/.first}}{{.}}{{/LIST}}]") == "[ab3]");
}

TEST_CASE("template: a name in a list is a field of the item first, then one of the list around") {
  CHECK(render("{{#SERVERS}}{{host}}@{{HOST}} {{/SERVERS}}") == "one@example.org two@example.org ");
  CHECK(render("{{#SERVERS}}{{#LIST}}{{host}}{{.}} {{/LIST}}{{/SERVERS}}") ==
        "onea oneb one3 twoa twob two3 ");
  CHECK(refused("{{#SERVERS}}\n{{hots}}{{/SERVERS}}") == "t.conf:2: no value is named \"hots\"\n");
  CHECK(refused("{{host}}").find("no value is named") != std::string::npos);
  CHECK(refused("{{#SERVERS}}{{.}}{{/SERVERS}}").find("the item is an item with fields") !=
        std::string::npos);
  CHECK(refused("{{LIST}}").find("LIST is a list, expected") != std::string::npos);
}

TEST_CASE("template: a section's tag or comment alone on its line takes the line with it") {
  CHECK(render("a\n{{#OFF}}\nb\n{{/OFF}}\nc\n") == "a\nc\n");
  CHECK(render("a\n  {{#ON}}  \n  b\n\t{{/ON}}\r\nc") == "a\n  b\nc");
  CHECK(render("{{#LIST}}\n{{.}}\n{{/LIST}}") == "a\nb\n3\n");
  CHECK(render("a\n{{! a\n comment }}\nb") == "a\nb");
  CHECK(render("a\n{{#ON}} {{/ON}}\nb") == "a\n \nb");
  CHECK(render("x {{#ON}}\ny{{/ON}}\n") == "x \ny\n");
  CHECK(render("{{#ON}}x{{/ON}}y{{^ON}}z{{/ON}}") == "xy");
}

TEST_CASE("template: what renders to blanks alone is not lost") {
  CHECK(render("{{#ON}} {{/ON}}") == " ");
  CHECK(render("{{#LIST}}\t{{/LIST}} ") == "\t\t\t ");
}

TEST_CASE("template: a loop that writes too much stops before it takes the memory") {
  Json list = Json::array();
  for (int i = 0; i < 4096; ++i) list.push_back(i);
  const std::string text =
      "{{#A}}" + std::string(16U << 10, 'x') + "{{/A}}{{#A}}{{#A}}{{/A}}{{/A}}";
  CHECK(messages(error_of([&] {
          Template::parse(text, "t").render({{"A", list}});
        })).find("renders to more than") != std::string::npos);
}

TEST_CASE("template: a text in quotes is written as it is, braces too") {
  CHECK(render("{{\"{{\"}}{{ \"}}\" }}{{\"{{{HOST}}}\"}}{{\"\\n\\\"\"}}") == "{{}}{{{HOST}}}\n\"");
}

TEST_CASE("template: filters write a value for its reader") {
  CHECK(render("{{NASTY | shell}}") == "'it'\\''s \"$A\" \\ # x\n\u00e9 '");
  CHECK(render("{{NASTY | json}}") == "\"it's \\\"$A\\\" \\\\ # x\\n\u00e9 \"");
  CHECK(render("{{NASTY | compose}}") == "\"it's \\\"$$A\\\" \\\\ # x\\n\u00e9 \"");
  CHECK(render("{{PORT | json}} {{ON | yaml}} {{OFFSET | nginx}} {{PORT | shell}}") ==
        "8080 true -3 '8080'");
  CHECK(render("{{HTML | nginx}}") == "\"<a&\\\"b'>\"");
  CHECK(render("{{HOST | base64}} {{HOST | dotenv}}") == "ZXhhbXBsZS5vcmc= example.org");
  CHECK(render("{{LIST | json}} {{LIST | join \", \"}} {{LIST | shell}} {{LIST | nginx}}") ==
        "[\"a\",\"b\",3] a, b, 3 'a' 'b' '3' \"a\" \"b\" 3");
  CHECK(render("{{SERVERS | json}}") ==
        R"([{"host":"one","port":1,"up":true},{"host":"two","port":2,"up":false}])");
  CHECK(render("{{#SERVERS}}{{. | json}}{{/SERVERS}}").starts_with("{\"host\":\"one\""));
}

TEST_CASE("template: filters pass a value from left to right") {
  CHECK(render("{{HOST | json | shell}}") == "'\"example.org\"'");
  CHECK(render("{{HOST | shell | json}}") == "\"'example.org'\"");
  CHECK(render("{{HOST|base64|base64}}") == "WlhoaGJYQnNaUzV2Y21jPQ==");
}

TEST_CASE("template: yaml escapes what YAML reads otherwise than JSON") {
  const Values values = {{"T", "\u2028\u0085\u007f\ufeff\u00e9\U0001f600"}};
  CHECK(Template::parse("{{T | yaml}}", "t").render(values) ==
        "\"\\u2028\\u0085\\u007f\\ufeff\u00e9\U0001f600\"");
}

TEST_CASE("template: a filter that is not known is refused with the nearest one") {
  const auto error = error_of([] { render("\n{{HOST | jsn}}"); });
  REQUIRE(error);
  CHECK(error->message().starts_with("t.conf:2: found the filter \"jsn\", expected one of base64"));
  CHECK(error->hint() == "did you mean \"json\"?");
}

TEST_CASE("template: a value that its reader could not read back is refused without showing it") {
  for (const char* text : {"{{NASTY | nginx}}", "{{NASTY | dotenv}}", "{{LIST | dotenv}}",
                           "{{LIST | base64}}", "{{SERVERS | shell}}", "{{HOST | join \",\"}}"}) {
    CAPTURE(text);
    const std::string said = refused(text);
    CHECK(said.starts_with("t.conf:1: "));
    CHECK(said.find("$A") == std::string::npos);
  }
  const Values wide = {{"T", std::string(4000, 'x')}};
  CHECK(messages(error_of([&] {
          Template::parse("{{T | nginx}}", "t").render(wide);
        })).find("no room") != std::string::npos);
  CHECK(refused("{{NASTY | dotenv}}").find("t.conf:1: NASTY holds ") != std::string::npos);
}

TEST_CASE("template: portable asks whether every reader of a dotenv file reads the same") {
  const std::string text = "{{#T | portable}}yes{{/T | portable}}{{^T | portable}}no{{/T}}";
  const auto portable = [&](const Json& value) {
    return Template::parse(text, "t").render({{"T", value}}) == "yes";
  };
  for (const char* good : {"", "a", "a=b", "https://x/y?z=1", "007", "true", "\u00e9\U0001f600",
                           "a,b:c", "[1]", "{a}", "*", "!", "50%", "-x", "@"}) {
    CAPTURE(good);
    CHECK(portable(good));
  }
  for (const char* bad :
       {" a",  "a ",   "a b",    "a\tb",    "a\nb",   "a\rb",   "a#b",  "#",    "$A",
        "a'b", "a\"b", "a\\b",   "`a`",     "a;b",    "a&b",    "a|b",  "<a",   ">a",
        "(a)", "~/a",  "\u00a0", "a\u3000", "\u2028", "\ufeff", "\x01", "\x7f", "\u0085"}) {
    CAPTURE(bad);
    CHECK_FALSE(portable(bad));
  }
  CHECK((portable(1) && portable(true)));
  CHECK_FALSE(portable(Json::array({"a"})));
  CHECK_FALSE(portable(std::string((16U << 10) + 1, 'x')));
}

TEST_CASE("template: set asks whether there is a value, and guards what is inside") {
  CHECK(render("{{#HOST | set}}{{HOST}}{{/HOST | set}}{{#EMPTY | set}}x{{/EMPTY}}") ==
        "example.org");
  CHECK(render("{{#UNSET | set}}{{UNSET}}{{/UNSET}}{{^UNSET|set}}none{{/UNSET | set}}") == "none");
  CHECK(render("{{#LIST | set}}y{{/LIST}}{{#NONE | set}}x{{/NONE}}{{#OFF | set}}z{{/OFF}}") ==
        "yz");
  CHECK_FALSE(refused("{{^UNSET | set}}{{UNSET}}{{/UNSET}}").empty());
  CHECK_FALSE(refused("{{#HOST | set}}x{{/HOST | portable}}").empty());
}

TEST_CASE("template: given asks whether there is a value, be it empty") {
  CHECK(render("{{#EMPTY | given}}[{{EMPTY}}]{{/EMPTY}}{{^UNSET | given}}none{{/UNSET}}") ==
        "[]none");
  CHECK(render("{{#UNSET | given}}{{#UNSET | text | portable}}{{UNSET}}{{/UNSET | text | portable}}"
               "{{/UNSET | given}}") == "");
}

TEST_CASE("template: text makes one text of any value") {
  CHECK(render("{{LIST | text}} {{PORT | text | json}} {{ON | text | compose}} {{HOST | text}}") ==
        "[\"a\",\"b\",3] \"8080\" \"true\" example.org");
}

TEST_CASE("template: loops inside loops stop soon, and say where") {
  Json list = Json::array();
  for (int i = 0; i < 1000; ++i) list.push_back(i);
  std::string text = "\n";
  for (const char* name : {"A", "B", "C"}) text += "{{#" + std::string(name) + "}}";
  for (const char* name : {"C", "B", "A"}) text += "{{/" + std::string(name) + "}}";
  const auto error = error_of([&] {
    Template::parse(text, "t").render({{"A", list}, {"B", list}, {"C", list}});
  });
  REQUIRE(error);
  CHECK(error->message() == "t:2: rendering takes more than 1000000 steps");
  const Values big = {{"A", list}, {"B", list}, {"BIG", std::string(1U << 20, 'x')}};
  CHECK(messages(error_of([&] {
          Template::parse("{{#A}}{{#B}}{{#BIG | json | set}}{{/BIG}}{{/B}}{{/A}}", "t").render(big);
        })).find("steps") != std::string::npos);
}

TEST_CASE("template: the names of other documents may be used") {
  const Values values = {{"tls.web.certificate", "/etc/a.pem"},
                         {"integrity.web-assets", Json::array({{{"file", "a.js"}}})}};
  CHECK(Template::parse("{{tls.web.certificate}}{{#integrity.web-assets}} {{file}}"
                        "{{/integrity.web-assets}}",
                        "t")
            .render(values) == "/etc/a.pem a.js");
  for (const char* text : {"{{tls.web}}", "{{tls..key}}", "{{integrity.}}", "{{serve.A}}"}) {
    CAPTURE(text);
    CHECK_FALSE(messages(error_of([&] { Template::parse(text, "t"); })).empty());
  }
}

TEST_CASE("template: what it uses says which sections are around") {
  const Template parsed =
      Template::parse("{{#A}}{{#B | set}}{{C}}{{B}}{{/B}}{{#.last}}{{D}}{{/.last}}{{/A}}", "t");
  REQUIRE(parsed.uses().size() == 5);
  CHECK(parsed.sections_around(parsed.uses()[2]) == std::vector<std::string>{"B", "A"});
  CHECK(parsed.sections_around(parsed.uses()[4]) == std::vector<std::string>{"A"});
  CHECK((parsed.uses()[1].guarded && parsed.uses()[3].guarded && !parsed.uses()[2].guarded));
  const Values values = {{"A", Json::array({{{"C", 1}}})}, {"B", true}};
  CHECK(may_be_field("C", {"B", "A"}, values));
  CHECK_FALSE(may_be_field("D", {"B", "A"}, values));
  CHECK(may_be_field("D", {"A"}, {{"A", nullptr}}));
}

TEST_CASE("template: the builtin values are those that the language names") {
  const Values values = builtin_values("chanuka", "1.0.0", "production");
  CHECK(
      Template::parse("{{release.name}} {{release.version}} {{environment}}", "t").render(values) ==
      "chanuka 1.0.0 production");
}

}  // namespace sealift::release::template_test
