// SPDX-License-Identifier: Apache-2.0
#include "release/documents/workload.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::workload_test {

using tests::refusal_of;

TEST_CASE("workload: what is written is read, for each runtime") {
  for (const char* text :
       {R"({"runtime":"compose","file":"compose.yaml","jobs":["once"]})",
        R"({"runtime":"systemd"})", R"({"runtime":"kubernetes"})",
        R"({"runtime":"kubernetes","canary":["web"],"renderedBy":"helm v3"})",
        R"({"runtime":"exec","apply":["./a","x"],"undo":["./b"],"check":["./c"],"timeout":60})"}) {
    CAPTURE(text);
    const Json value = Json::parse(text);
    CHECK(to_json(workload_from_json(value, "w")) == value);
  }
}

TEST_CASE("workload: what belongs to another runtime, or to none, is corrupt") {
  for (const char* text :
       {R"({"runtime":"docker"})", R"({"runtime":"compose"})",
        R"({"runtime":"compose","file":"../compose.yaml"})",
        R"({"runtime":"compose","file":"/etc/compose.yaml"})",
        R"({"runtime":"compose","file":"a","jobs":[]})",
        R"({"runtime":"compose","file":"a","timeout":1})", R"({"runtime":"systemd","file":"a"})",
        R"({"runtime":"systemd","canary":["a"]})", R"({"runtime":"kubernetes","canary":[]})",
        R"({"runtime":"kubernetes","jobs":["a"]})",
        R"({"runtime":"exec","apply":[],"undo":["b"],"timeout":60})",
        R"({"runtime":"exec","apply":["a"],"timeout":60})",
        R"({"runtime":"exec","apply":["a"],"undo":["b"],"timeout":0})",
        R"({"runtime":"exec","apply":[""],"undo":["b"],"timeout":60})",
        R"({"runtime":"exec","apply":["a"],"undo":["b"],"timeout":3601})"}) {
    CAPTURE(text);
    CHECK(refusal_of([&] { workload_from_json(Json::parse(text), "w"); }) == Errc::corrupt);
  }
}

}  // namespace sealift::release::workload_test
