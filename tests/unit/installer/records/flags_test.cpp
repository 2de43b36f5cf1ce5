// SPDX-License-Identifier: Apache-2.0
#include "installer/records/flags.hpp"

#include <catch2/catch.hpp>

#include "installer/content/flags_tree.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::installer::flags_test {

using release::Flag;
using release::FlagSet;
using release::NextRelease;
using tests::refusal_of;

namespace {

Flag some_flag(NextRelease next = NextRelease::keep) {
  Flag flag;
  flag.default_variant = "on";
  flag.variants = {{"on", true}, {"off", false}};
  flag.targeting = Json::parse(R"({"if":[{"var":"a"},"on","off"]})");
  flag.next_release = next;
  return flag;
}

FlagChange change_to(const std::string& variant, NextRelease next = NextRelease::keep) {
  return {.variant = variant,
          .targeting = Targeting::dropped,
          .next_release = next,
          .actor = "anna",
          .reason = "too slow",
          .at = Time{1'700'000'000}};
}

Placement placed(const SiteFlags& flags) {
  return {.component = "flags",
          .target = "flags",
          .driver = "directory",
          .path = "/srv/flags",
          .directory = "releases/1.0.0",
          .table = Digest::of(""),
          .settings = to_settings(flags)};
}

}  // namespace

TEST_CASE("site flags: they come back from a placement as they were") {
  const SiteFlags flags{.environment = "production",
                        .changes = {{"a", change_to("off")}, {"b", change_to("")}}};
  const Placement placement = placement_from_json(to_json(placed(flags)), "placement");
  REQUIRE(has_flags(placement));
  CHECK(flags_of(placement).environment == "production");
  CHECK(flags_of(placement).changes == flags.changes);
  CHECK(changes_of(nullptr).empty());
  Placement broken = placed(flags);
  broken.settings["flags"]["changes"]["a"]["nextRelease"] = "never";
  CHECK(refusal_of([&] { flags_of(broken); }) == Errc::corrupt);
}

TEST_CASE("site flags: a change holds for everyone, unless rules are kept") {
  FlagChange change = change_to("off");
  CHECK(changed(some_flag(), change).targeting.is_null());
  CHECK(effect_of(changed(some_flag(), change)) == "off for everyone");
  change.targeting = Targeting::kept;
  CHECK(changed(some_flag(), change).targeting == some_flag().targeting);
  CHECK(effect_of(changed(some_flag(), change)) == "off where its rules decide nothing");
}

TEST_CASE("site flags: a disabled flag is left to the code, and a variant enables it") {
  const Flag off = changed(some_flag(), change_to(""));
  CHECK(off.state == release::FlagState::disabled);
  CHECK(effect_of(off) == "disabled");
  CHECK(changed(off, change_to("on")).state == release::FlagState::enabled);
}

TEST_CASE("site flags: a change of what is not there is refused") {
  CHECK(refusal_of([] { changed(some_flag(), change_to("up")); }) == Errc::corrupt);
  CHECK(refusal_of([] {
          changed(FlagSet{}, FlagChanges{{"a", change_to("on")}});
        }) == Errc::corrupt);
}

TEST_CASE("site flags: the next release keeps, resets or cannot keep a change") {
  FlagSet next;
  next.flags = {{"kept", some_flag()},
                {"reset-before", some_flag()},
                {"reset-now", some_flag(NextRelease::reset)},
                {"other-variants", some_flag()}};
  const FlagChanges changes = {{"kept", change_to("off")},
                               {"reset-before", change_to("off", NextRelease::reset)},
                               {"reset-now", change_to("off")},
                               {"other-variants", change_to("up")},
                               {"gone", change_to("off")}};
  const CarriedFlags carried = carry_over(changes, next);
  CHECK(carried.kept == FlagChanges{{"kept", change_to("off")}});
  CHECK(carried.lines.size() == 3);
  REQUIRE(carried.warnings.size() == 2);
  CHECK(carried.warnings[0].starts_with("flag gone: this release does not have it"));
  CHECK(carried.warnings[1].starts_with("flag other-variants: this release has no variant \"up\""));
  // A disabled flag needs no variant.
  CHECK(carry_over({{"kept", change_to("")}}, next).kept.size() == 1);
}

TEST_CASE("site flags: two sets of changes differ flag by flag") {
  const FlagChanges before = {{"a", change_to("off")}, {"b", change_to("off")}};
  const FlagChanges after = {{"b", change_to("off")}, {"c", change_to("")}};
  CHECK(compare(before, after) ==
        std::vector<std::string>{"flag a: as its release says, before off for everyone",
                                 "flag c: disabled, before as its release says"});
}

TEST_CASE("site flags: on the site they are one file") {
  FlagSet set;
  set.flags = {{"a", some_flag()}};
  const std::unique_ptr<TreeStream> tree = flags_tree(set);
  const auto entry = tree->next();
  REQUIRE(entry);
  CHECK(entry->path.str() == "flags.json");
  std::string text(100'000, '\0');
  text.resize(tree->read(text));
  CHECK(text == to_flagd(set));
  CHECK(*entry->digest == Digest::of(text));
  CHECK(entry->size == text.size());
  CHECK_FALSE(tree->next());
  CHECK(refusal_of([&] { read_flags(*flags_tree(set), "production", "x"); }) == Errc::corrupt);
}

}  // namespace sealift::installer::flags_test
