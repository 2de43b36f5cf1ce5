// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_watch.hpp"

#include <algorithm>
#include <map>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

// Between two looks. One look is not enough: a process that dies at once is running at first.
constexpr std::chrono::milliseconds kBetween{500};
// How long an engine may refuse to start a container: what is in the way, such as a container that
// still stops, has gone by then or does not go.
constexpr std::chrono::seconds kRefused{10};

// podman-compose goes on where Podman could not start a container, as when its port was not free
// yet; what is in the way may have gone.
std::string start_created(const Engine& engine, const std::vector<Container>& containers) {
  std::string refusal;
  for (const Container& each : containers) {
    if (each.state == "created") refusal = engine.start(each);
  }
  return refusal;
}

bool has_ended_well(const std::vector<Container>& own) {
  return std::any_of(own.begin(), own.end(), [](const Container& each) {
    return each.state == "exited" && each.exit_code == 0;
  });
}

// podman-compose says nothing by its status: a container that has ended well may be a job.
std::string hint_for(const std::string& service, const std::vector<Container>& own,
                     const Complaint& complaint) {
  if (has_ended_well(own)) {
    return format("where it is to end by itself, name it in release.yaml: jobs: [{}]", service);
  }
  return complaint.is_final ? "" : "if it only needs longer: timeout in site.yaml";
}

[[noreturn]] void fail_service(const std::string& name, const Complaint& complaint,
                               const std::string& words, const std::string& hint) {
  throw Error(Errc::target_failed,
              format("service {}: {}{}{}", name, complaint.found,
                     words.empty() ? "" : "; it said: ", words),
              hint);
}

}  // namespace

Complaint judge_service(const std::vector<Container>& own, const ServiceSettings& service) {
  return judge(own, service.replicas, service.job ? Ending::expected : Ending::never);
}

// `up --wait` of the second generation is not used: it takes a job that has ended for a failure.
void await_containers(const Engine& engine, const ComposeDeployment& now,
                      const std::string& compose_said, Which which, StepIo& io) {
  using Clock = std::chrono::steady_clock;
  const std::chrono::seconds timeout(now.settings.timeout);
  const auto end = Clock::now() + timeout;
  std::map<std::string, std::uint64_t> first;        // restarts, by container
  std::map<std::string, Clock::time_point> refused;  // since when, by service
  unsigned good = 0;
  while (good < 2) {
    io.stop.throw_if_set();
    std::vector<Container> all = engine.containers(now.settings.project);
    // Restarts of before this attempt say nothing about it.
    for (Container& each : all) {
      each.restarts -= std::min(each.restarts, first.emplace(each.id, each.restarts).first->second);
    }
    std::vector<std::string> waiting;
    for (const auto& [name, service] : now.settings.services) {
      std::vector<Container> own = containers_of(all, name);
      if (which == Which::of_this_making) {
        std::erase_if(own, [&, &made = service](const Container& each) {
          return each.inputs != made.inputs_in(now.directory);
        });
      }
      Complaint complaint = judge_service(own, service);
      if (complaint.found.empty()) continue;
      waiting.push_back(format("service {} ({})", name, complaint.found));
      const std::string refusal = start_created(engine, own);
      if (refusal.empty()) {
        refused.erase(name);
      } else if (Clock::now() - refused.emplace(name, Clock::now()).first->second > kRefused) {
        complaint.is_final = true;
      }
      if (!complaint.is_final && Clock::now() <= end) continue;
      fail_service(name, complaint,
                   !refusal.empty() ? refusal
                   : own.empty()    ? compose_said
                                    : engine.last_words(own.front()),
                   hint_for(name, own, complaint));
    }
    good = waiting.empty() ? good + 1 : 0;
    if (!waiting.empty()) io.progress.wait_for(joined(waiting), timeout);
    if (good < 2) std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace sealift::installer
