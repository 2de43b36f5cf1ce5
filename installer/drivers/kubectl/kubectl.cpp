// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubectl/kubectl.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "signing/base64.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxKubectlOutput = 64U << 20;
constexpr std::string_view kHidden = "(a secret)";
constexpr std::chrono::seconds kBetweenAttempts{1};
constexpr std::chrono::seconds kLeastTimeout{60};

// What kubectl, and the programs that it asks for credentials, find of our environment.
constexpr std::array kKubectlPassed = {
    "PATH",        "HOME",          "TMPDIR",      "XDG_RUNTIME_DIR", "KUBECONFIG",
    "HTTPS_PROXY", "HTTP_PROXY",    "NO_PROXY",    "https_proxy",     "http_proxy",
    "no_proxy",    "SSL_CERT_FILE", "SSL_CERT_DIR"};

// What kubectl says where there is no server, or one that is going down or comes up.
constexpr std::array kUnreachable = {"Unable to connect to the server",
                                     "was refused - did you specify the right host or port",
                                     "connection refused",
                                     "connection reset by peer",
                                     "TLS handshake timeout",
                                     "i/o timeout",
                                     "no route to host",
                                     "unexpected EOF",
                                     "http2: client connection lost",
                                     "http2: server sent GOAWAY",
                                     "net/http: request canceled",
                                     "(ServiceUnavailable)",
                                     "the server is currently unable to handle the request",
                                     "etcdserver: ",
                                     "apiserver is shutting down"};

std::vector<std::pair<std::string, std::string>> kubectl_environment() {
  std::vector<std::pair<std::string, std::string>> found = {{"LANG", "C.UTF-8"}};
  for (const char* name : kKubectlPassed) {
    if (const char* value = std::getenv(name); value != nullptr) found.emplace_back(name, value);
  }
  return found;
}

}  // namespace

std::vector<std::string> find_kubectl(const release::Target& target) {
  const std::vector<std::string> usual = {"kubectl"};
  const std::vector<std::string>& program = target.kubectl.empty() ? usual : target.kubectl;
  if (is_program(program.front())) return program;
  throw Error(Errc::incompatible,
              format("the program {} was not found", printable(program.front())),
              "install kubectl, or name it: kubectl in site.yaml");
}

KubernetesSettings server_settings(const release::Target& target) {
  return {.kubectl = find_kubectl(target),
          .kubeconfig = target.kubeconfig,
          .context = target.context,
          .name_space = target.name_space,
          .inventory = {},
          .site = {},
          .timeout = target.timeout,
          .take_over = {},
          .canary = {},
          .files = {},
          .pins = {},
          .objects = {}};
}

bool is_unreachable(const Outcome& outcome) {
  return outcome.status != 0 &&
         std::any_of(kUnreachable.begin(), kUnreachable.end(), [&](const char* words) {
           return outcome.error_output.find(words) != std::string::npos;
         });
}

std::string list_text(Json::Array objects) {
  return to_canonical({{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(objects)}});
}

// A value may hold another, so that the longest goes first.
void Kubectl::hide(std::string_view secret) {
  if (secret.empty()) return;
  const std::string quoted = Json(secret).dump();
  hidden_.insert(hidden_.end(), {std::string(secret), signing::to_base64(secret),
                                 quoted.substr(1, quoted.size() - 2)});
  std::stable_sort(hidden_.begin(), hidden_.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

// What succeeds is answered to us alone; what fails is told.
Outcome Kubectl::without_hidden(Outcome outcome) const {
  for (const std::string& each : hidden_) {
    replace_all(outcome.error_output, each, kHidden);
    if (outcome.status != 0) replace_all(outcome.output, each, kHidden);
  }
  return outcome;
}

Outcome Kubectl::call_once(const Words& words, const std::string& input) const {
  Words all = settings_.kubectl;
  if (!settings_.kubeconfig.empty()) all.insert(all.end(), {"--kubeconfig", settings_.kubeconfig});
  if (!settings_.context.empty()) all.insert(all.end(), {"--context", settings_.context});
  all.insert(all.end(), {"--namespace", settings_.name_space});
  // Whoever deletes waits as long as pods take to end, with one request.
  if (words.front() != "delete") all.emplace_back("--request-timeout=30s");
  all.insert(all.end(), words.begin(), words.end());
  const auto outcome =
      run({.arguments = all,
           .folder = "/",
           .input = input,
           .timeout = std::max(kLeastTimeout, std::chrono::seconds(settings_.timeout)),
           .output_limit = kMaxKubectlOutput,
           .environment = kubectl_environment(),
           .inherit = Inherit::nothing});
  if (outcome) return without_hidden(*outcome);
  throw Error(Errc::target_failed, format("the program {} was not found", all.front()),
              "install it again, or correct kubectl in site.yaml");
}

Outcome Kubectl::call(const Words& words, const std::string& input) const {
  while (true) {
    Outcome outcome = call_once(words, input);
    if (!is_unreachable(outcome) || Clock::now() >= until_) return outcome;
    std::this_thread::sleep_for(kBetweenAttempts);
  }
}

std::string Kubectl::demand(const Words& words, const std::string& input) const {
  Outcome outcome = call(words, input);
  if (outcome.status == 0) return std::move(outcome.output);
  if (is_unreachable(outcome)) {
    throw Error(Errc::target_failed,
                format("the server of Kubernetes does not answer: {}", said(outcome)),
                kUnreachableHint);
  }
  throw Error(Errc::target_failed, format("kubectl {}: {}", words.front(), said(outcome)));
}

unsigned Kubectl::minor_version() const {
  const Outcome outcome = call({"version", "--client", "-o", "json"});
  if (outcome.status != 0) return 0;
  const Json said =
      parse_json(outcome.output, "kubectl version", Errc::target_failed, Numbers::any);
  const std::string text = text_at(object_at(said, "clientVersion"), "minor");
  unsigned minor = 0;
  std::from_chars(text.data(), text.data() + text.size(), minor);  // some write 20+
  return minor;
}

Json::Array Kubectl::objects(Words words, const std::string& input) const {
  words.insert(words.end(), {"-o", "json"});
  const std::string text = demand(words, input);
  Json::Array found;
  if (trimmed(text, " \t\r\n").empty()) return found;
  if (text.size() >= kMaxKubectlOutput) {
    throw Error(Errc::target_failed,
                format("kubectl {}: printed more than {} bytes", words.front(), kMaxKubectlOutput));
  }
  const Json value =
      parse_json(text, format("kubectl {}", words.front()), Errc::target_failed, Numbers::any);
  if (text_at(value, "kind") != "List") return {value};
  for (const Json& each : list_at(value, "items")) found.push_back(each);
  return found;
}

}  // namespace sealift::installer
