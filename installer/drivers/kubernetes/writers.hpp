// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writers: workloads of Kubernetes that a site's fence names, because they write to databases.
// What a step and the file of stopped writers say of them, each with its one reader and its one
// writer. A reader is strict: Error{corrupt} that names the place and the key.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/drivers/kubectl/kubernetes_settings.hpp"
#include "kubernetes/object.hpp"

namespace sealift::installer {

struct Writer {
  KubernetesSettings server;  // how it is reached; nothing of a component
  kubernetes::Reference reference;

  friend bool operator==(const Writer&, const Writer&) = default;
};

// A writer that is stopped, or was until its component was brought up.
struct StoppedWriter {
  Writer writer;
  // Pods that it had been asked for; of a CronJob 1 where it was not suspended, otherwise 0.
  std::uint64_t count = 0;
  bool is_count_ours = false;  // that number was of the release, so that our manager had set it
  bool runs = false;           // it was started again and needs nothing more

  friend bool operator==(const StoppedWriter&, const StoppedWriter&) = default;
};

// API versions are those of every server since 1.16, CronJob's by whichever the server prefers.
kubernetes::Reference writer_reference(const std::string& kind, const std::string& name);
bool is_cron_job(const Writer& writer);
// "Deployment web, CronJob nightly".
std::string names_of(const std::vector<Writer>& writers);

Json to_json(const std::vector<Writer>& writers);
std::vector<Writer> writers_from_json(const Json& value, const std::string& where);

Json to_json(const std::vector<StoppedWriter>& writers);
std::vector<StoppedWriter> stopped_writers_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
