// SPDX-License-Identifier: Apache-2.0
#pragma once

// kubectl, from 1.20 on, as the one way to a cluster: it knows how sites reach theirs. Objects go
// to it over its standard input, never as an argument or a file. Each call has an end.

#include <chrono>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/process.hpp"
#include "installer/drivers/kubectl/kubernetes_settings.hpp"

namespace sealift::installer {

// The manager by whose name servers know which fields are ours.
inline constexpr const char* kFieldManager = "sealift";

// The program of a target, with its first words. Error{incompatible} where there is none.
std::vector<std::string> find_kubectl(const release::Target& target);

// How the server of a target is reached; nothing of a component.
KubernetesSettings server_settings(const release::Target& target);

class Kubectl {
 public:
  using Clock = std::chrono::steady_clock;
  using Words = std::vector<std::string>;

  explicit Kubectl(const KubernetesSettings& settings) : settings_(settings) {}

  // From now on a call to a server that does not answer is made again, for so long.
  void be_patient(std::chrono::seconds how_long) { until_ = Clock::now() + how_long; }

  // A value that is in no message from now on, nor its base64, whatever kubectl or a server says.
  void hide(std::string_view secret);

  // However it ends. Error{io} where it takes too long.
  Outcome call(const Words& words, const std::string& input = {}) const;
  // Error{target_failed} with what it said unless it ends with status 0.
  std::string demand(const Words& words, const std::string& input = {}) const;
  // The objects that it printed with -o json; none where it printed nothing. Error{target_failed}.
  Json::Array objects(Words words, const std::string& input = {}) const;

  // Of the program: 20 of v1.20.2. No server is asked; 0 where it does not say.
  unsigned minor_version() const;

  const KubernetesSettings& settings() const { return settings_; }

 private:
  Outcome call_once(const Words& words, const std::string& input) const;
  Outcome without_hidden(Outcome outcome) const;

  const KubernetesSettings& settings_;
  Clock::time_point until_ = Clock::time_point::min();
  std::vector<std::string> hidden_ = {};  // longest first
};

inline constexpr const char* kUnreachableHint =
    "see whether it runs, and whether context and kubeconfig in site.yaml lead to it";

// Whether a call failed because no server answered: it may answer the next one.
bool is_unreachable(const Outcome& outcome);

// Many objects as one text for kubectl's standard input.
std::string list_text(Json::Array objects);

}  // namespace sealift::installer
