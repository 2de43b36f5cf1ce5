// SPDX-License-Identifier: Apache-2.0
#pragma once

// One attempt at a check, for each sort of probe. What is found is said in words for people, made
// printable and short. No attempt throws or takes much longer than the check's timeout; looking up
// a host's name takes as long as the system lets it.

#include <functional>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "installer/records/check.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

struct Finding {
  enum class Verdict { holds, fails };
  Verdict verdict = Verdict::fails;
  std::string found;  // "found status 503, expected 200"
};

// What probes need of the site.
struct ProbeSite {
  const release::Site& site;
  fs::path scripts;  // where commands run
};

// GET without credentials; redirects are answers and not followed. A body is read up to 1 MiB.
Finding http_probe(const release::HealthCheck& check, const ProbeSite& site);
// The check's requests, one after another on connections that are kept; nearest rank.
Finding latency_probe(const release::HealthCheck& check, const ProbeSite& site,
                      const std::function<bool()>& stop);
// Whether something listens.
Finding tcp_probe(const release::HealthCheck& check);
// The check's statement on a database of site.yaml; it holds where it answers, and with the
// expected value where the check has one.
Finding sql_probe(const release::HealthCheck& check, const ProbeSite& site);
// Exit status 0, run in the folder `scripts`. The environment holds PATH, LANG=C and what the check
// names. Whole seconds of timeout.
Finding exec_probe(const RenderedCheck& rendered, const fs::path& scripts, Privileges privileges);
// All containers of the service run, and are healthy where they say; or ended with status 0.
Finding container_probe(const RenderedCheck& rendered);
// The object is there and as it was asked to be.
Finding kubernetes_probe(const RenderedCheck& rendered);

// By the sort of the check: one of those above.
Finding probe(const RenderedCheck& rendered, const ProbeSite& site);

}  // namespace sealift::installer
