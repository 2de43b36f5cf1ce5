// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/events/teller.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kOutput = 16U << 10;  // bytes kept of what it says

// A text in the head of a message: one line, and ASCII, as RFC 5322 has it.
std::string in_head(std::string_view text) {
  std::string line;
  for (const char c : text) line += c >= ' ' && c < 127 ? c : '?';
  return line;
}

// RFC 5322. The id makes one message of two that are the same.
std::string message_of(const SiteEvent& event, const release::Destination& to) {
  std::string text = format("To: {}\n", joined(to.recipients));
  if (!to.sender.empty()) text += format("From: {}\n", to.sender);
  text += format("Subject: [{}] {} {}\n", in_head(event.of.environment), in_head(event.subject),
                 in_head(event.word));
  text += format("Message-ID: <{}@{}.sealift>\n", event.id, in_head(event.of.site));
  text += "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n";
  text += "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n";
  text += format("{}\n\nsite         {}\nenvironment  {}\nevent        {}\ntime         {}\n",
                 event.text, event.of.site, event.of.environment, event.word, to_text(event.time));
  text += format("by           {}\n\n{}", event.actor, to_pretty(event.details));
  return text;
}

// Its environment is made for it, as that of a health check.
class ProgramTeller : public Teller {
 public:
  explicit ProgramTeller(release::Destination to) : to_(std::move(to)) {}

  Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) override {
    const char* path = std::getenv("PATH");
    Command command{.arguments = to_.command,
                    .folder = "/",
                    .input = to_.means == release::Means::mail
                                 ? message_of(event, to_)
                                 : to_canonical(to_json(event)) + "\n",
                    .timeout = std::chrono::ceil<std::chrono::seconds>(limit),
                    .output_limit = kOutput};
    command.inherit = Inherit::nothing;
    command.environment = {{"PATH", path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path},
                           {"LANG", "C"},
                           {"SEALIFT_EVENT", event.word},
                           {"SEALIFT_EVENT_ID", event.id}};
    const std::optional<Outcome> outcome = run(command);
    if (!outcome) {
      throw Error(Errc::io, format("{}: was not found", to_.command.front()));
    }
    if (outcome->status == 0) return {};
    return {
        .is_taken = false,
        .why = format("{}: status {}: {}", to_.command.front(), outcome->status, said(*outcome))};
  }

 private:
  release::Destination to_;
};

}  // namespace

std::unique_ptr<Teller> program_teller(const release::Destination& to) {
  return std::make_unique<ProgramTeller>(to);
}

}  // namespace sealift::installer
