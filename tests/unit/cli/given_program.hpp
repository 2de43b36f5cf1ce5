// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small program, described.

#include "cli/description.hpp"

namespace sealift::tests {

inline cli::Description given_program() {
  cli::Description show;
  show.name = "show";
  show.purpose = "show what's there";
  show.more = "It changes nothing.";
  show.arguments = {{"ROOT", "a root", cli::Presence::required, cli::Times::once}};
  show.options = {{{"-o", "--output"}, {"--out"}, "FILE", "where to"}};
  show.examples = {{"two-words trust show a.json", "one root"}};
  show.statuses = {{"0", "done"}};
  cli::Description trust;
  trust.name = "trust";
  trust.purpose = "handle trust";
  trust.group = "Keys";
  trust.commands = {show};
  cli::Description help;
  help.name = "help";
  help.purpose = "help";
  help.group = "Others";
  cli::Description program;
  program.name = "two-words";
  program.purpose = "do two things";
  program.options = {{{"-h", "--help"}, {}, "", "show this help"}, {{"--json"}, {}, "", "as JSON"}};
  program.variables = {{"TMPDIR", "a folder"}};
  program.commands = {trust, help};
  return program;
}

}  // namespace sealift::tests
