// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/health/probes.hpp"

#include "base/error.hpp"
#include "base/path.hpp"

namespace sealift::installer {

// Whatever is thrown is an answer: what cannot be asked does not hold.
Finding probe(const RenderedCheck& rendered, const ProbeSite& site) {
  try {
    switch (rendered.check.probe) {
      case release::Probe::http:
        return http_probe(rendered.check, site);
      case release::Probe::tcp:
        return tcp_probe(rendered.check);
      case release::Probe::sql:
        return sql_probe(rendered.check, site);
      case release::Probe::exec:
        return exec_probe(rendered, site.scripts, Privileges::no_new);
      case release::Probe::container:
        return container_probe(rendered);
      case release::Probe::kubernetes:
        return kubernetes_probe(rendered);
    }
  } catch (const Error& error) {
    return {.verdict = Finding::Verdict::fails, .found = printable(error.message(), 600)};
  } catch (const std::exception& error) {
    return {.verdict = Finding::Verdict::fails, .found = printable(error.what(), 200)};
  }
  return {};
}

}  // namespace sealift::installer
