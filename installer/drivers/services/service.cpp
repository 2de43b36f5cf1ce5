// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/services/service.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/secret_command.hpp"
#include "installer/driver/step_driver.hpp"
#include "installer/drivers/services/service_step.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kServiceCheck = "check";
constexpr std::string_view kGuard = "guard";
constexpr std::string_view kServiceDriver = "service";

std::string step_id(std::string_view action, const std::string& service) {
  return format("{}:{}", action, service);
}

void run_command(const std::string& name, const std::vector<std::string>& words,
                 const release::Service& service, StepIo& io) {
  const std::string command = printable(joined(words, " "), 400);
  const std::chrono::seconds timeout(service.timeout);
  io.progress.wait_for(command, timeout);
  const std::string hint = format("correct services.{} in site.yaml, or what it runs", name);
  try {
    const std::optional<Outcome> outcome =
        run_with_secrets({.arguments = words, .folder = "/", .input = {}, .timeout = timeout},
                         service.secrets, io.content);
    if (!outcome) throw Error(Errc::target_failed, format("{}: was not found", command), hint);
    if (outcome->status == 0) return;
    throw Error(Errc::target_failed,
                format("{}: ended with status {}: {}", command, outcome->status, said(*outcome)));
  } catch (const Error& error) {
    throw Error(Errc::target_failed, format("service {}: {}", name, error.message()),
                error.hint().empty() ? hint : error.hint());
  }
}

class ServiceDriver : public StepDriver {
 public:
  explicit ServiceDriver(const Layout& layout) : site_yaml_(layout.site_yaml) {}

  Json apply(const Step& step, StepIo& io) override {
    if (step.action != kGuard) {
      carry_out(step.action, service_command_from_json(step).service, io);
    }
    return Json::object();
  }

  // When a reload itself is taken back, the new files still stand: the guard waits for the old.
  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (step.action == kGuard) take_up_again(service_guard_from_json(step), io);
  }

 private:
  void carry_out(const std::string& action, const std::string& name, StepIo& io) const {
    const release::Site site = release::load_site(site_yaml_);
    const auto found = site.services.find(name);
    if (found == site.services.end()) {
      log::warning(format("service {}: site.yaml has it no more, nothing is run for it", name));
      return;
    }
    const release::Service& service = found->second;
    const std::vector<std::string>& words =
        action == kServiceCheck ? service.check : service.command;
    if (!words.empty()) run_command(name, words, service, io);
  }

  // The services that have been told of the new files are told of the old ones.
  void take_up_again(const ServiceGuard& guard, StepIo& io) const {
    std::vector<std::string> failed;
    for (const GuardedService& each : guard.services) {
      if (!io.begun.contains(each.step)) continue;
      try {
        carry_out("", each.service, io);
      } catch (const Error& error) {
        // Where it had no files of ours before, how it ran then is not ours to bring back.
        if (each.stood) {
          failed.push_back(error.message());
        } else {
          log::warning(error.message());
        }
      }
    }
    if (failed.empty()) return;
    throw Error(Errc::target_failed, joined(failed, "; "),
                "the old files are back: have the service take them up, or correct its command in "
                "site.yaml, or take the service out");
  }

  fs::path site_yaml_;
};

Step step_of(const std::string& service, std::string_view action, Json data, std::string summary) {
  return {.id = step_id(action, service),
          .phase = Phase::activate,
          .component = "services",
          .target = service,
          .driver = std::string(kServiceDriver),
          .action = std::string(action),
          .data = std::move(data),
          .summary = std::move(summary)};
}

}  // namespace

std::unique_ptr<Driver> service_driver(const Layout& layout) {
  return std::make_unique<ServiceDriver>(layout);
}

bool is_service_guard(const Step& step) {
  return step.driver == kServiceDriver && step.action == kGuard;
}

std::vector<std::string> missing_programs(const release::Service& service) {
  std::vector<std::string> missing;
  for (const std::vector<std::string>* command : {&service.check, &service.command}) {
    if (!command->empty() && !is_program(command->front())) missing.push_back(command->front());
  }
  return missing;
}

Step service_guard(const std::vector<AffectedService>& affected) {
  ServiceGuard guard;
  std::vector<std::string> words;
  for (const AffectedService& each : affected) {
    guard.services.push_back({.service = each.name,
                              .command = each.service.command,
                              .timeout = each.service.timeout,
                              .step = step_id(each.service.verb, each.name),
                              .stood = each.change.stood});
    words.push_back(format("{} {}", each.service.verb, each.name));
  }
  return step_of("services", kGuard, to_json(guard),
                 format("stand by to {} again, should this go back", joined(words)));
}

std::vector<Step> service_steps(const std::vector<AffectedService>& affected) {
  std::vector<Step> steps;
  for (const AffectedService& each : affected) {
    if (each.service.check.empty()) continue;
    steps.push_back(step_of(
        each.name, kServiceCheck,
        to_json(ServiceCommand{
            .service = each.name, .command = each.service.check, .timeout = each.service.timeout}),
        format("check {}: {}", each.name, printable(joined(each.service.check, " "), 400))));
  }
  for (const AffectedService& each : affected) {
    const ServiceCommand command{.service = each.name,
                                 .command = each.service.command,
                                 .timeout = each.service.timeout,
                                 .files = each.change.files,
                                 .count = each.change.count};
    steps.push_back(step_of(each.name, each.service.verb, to_json(command),
                            format("{} {}: {}", each.service.verb, each.name, text(each.change))));
  }
  return steps;
}

}  // namespace sealift::installer
