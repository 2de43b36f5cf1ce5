// SPDX-License-Identifier: Apache-2.0
#pragma once

// What both programs say about bundles that they judged, and about trust roots.

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "bundle/verified.hpp"

namespace sealift::bundle {

// Verifies what open_medium() takes, confined, or standard input for "-". `judged` as of
// verify_confined().
VerifiedBundle verify_given(
    const std::vector<std::string>& paths, const Trust& trust, Progress& progress,
    const Judged& judged = [](const Judgement&) {});

// Who approved, who is missing, by which root, and how long that is valid.
std::vector<std::string> report_lines(const Judgement& judgement, const Trust& trust);
// What was found to be as approved.
std::string content_line(const Contents& contents);
// What `verify --json` prints.
Json report_json(const VerifiedBundle& verified);

// Who may approve, and who may change the root.
std::vector<std::string> root_lines(const signing::Root& root, Time now);
// The same facts for programs; keys by their ids.
Json root_json(const signing::Root& root);

// What to warn of while there is time to carry a newer root, from 90 days before the expiry; empty:
// nothing.
std::string expiry_warning(const signing::Root& root, Time now);

// "valid until 2028-11-23T00:00:00Z (730 days)"
std::string validity_text(const signing::Root& root, Time now);

}  // namespace sealift::bundle
