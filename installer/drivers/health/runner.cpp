// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/health/runner.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kNap{50};          // from look to look whether to stop
constexpr milliseconds kLookAround{200};  // of who tells what is waited for
constexpr std::uint64_t kRunnerLargest = 1U << 20;
constexpr std::array kVerdicts = {std::pair{Verdict::healthy, "healthy"},
                                  std::pair{Verdict::unhealthy, "unhealthy"},
                                  std::pair{Verdict::undecided, "undecided"}};

milliseconds since(SteadyClock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - began);
}

// All checks, each in its thread; results are written under the mutex, by index.
class Round {
 public:
  Round(const std::vector<Asked>& checks, Asking asking, const Watching& watching)
      : checks_(checks),
        asking_(asking),
        watching_(watching),
        results_(checks.size()),
        done_(checks.size()) {}

  std::vector<CheckResult> run() {
    for (std::size_t i = 0; i < checks_.size(); ++i) results_[i].name = checks_[i].check.name;
    Threads threads;
    std::size_t started = 0;
    while (started < checks_.size() && threads.start([this, started] { one(started); })) ++started;
    // Where there are no more threads to be had, the others are asked one after the other.
    for (std::size_t i = started; i < checks_.size(); ++i) one(i);
    tell();
    threads.join();
    return std::move(results_);
  }

 private:
  bool is_over() const { return failed_ || watching_.stop(); }

  // False where it is over before the time has passed.
  bool sleep(milliseconds time) const {
    const auto end = SteadyClock::now() + time;
    while (SteadyClock::now() < end) {
      if (is_over()) return false;
      std::this_thread::sleep_for(
          std::min(kNap, std::chrono::ceil<milliseconds>(end - SteadyClock::now())));
    }
    return !is_over();
  }

  // A check that cannot be asked is not healthy; a thread has nobody to throw to.
  void one(std::size_t index) noexcept {
    CheckResult result;
    result.verdict = Verdict::unhealthy;
    try {
      result = decide(index);
    } catch (const std::exception&) {
      result.found = "cannot be asked";  // short enough to need no memory
    }
    if (result.verdict == Verdict::unhealthy && asking_ == Asking::until_stable) failed_ = true;
    const std::lock_guard guard(mutex_);
    result.name = std::move(results_[index].name);
    results_[index] = std::move(result);
    done_[index] = true;
    changed_.notify_all();
  }

  // For people who wait: what the last attempt found.
  void note(std::size_t index, const Finding& finding) {
    const std::lock_guard guard(mutex_);
    results_[index].found = finding.found;
  }

  // "Stable" is counted from the beginning of the first attempt that held, so that a slow answer
  // counts as time that it held.
  CheckResult decide(std::size_t index) {
    const Asked& asked = checks_[index];
    const release::HealthCheck& check = asked.check;
    const auto began = SteadyClock::now();
    bool held = false;  // at the attempt before
    auto holds_since = began;
    CheckResult result;
    while (true) {
      const auto attempted = SteadyClock::now();
      const Finding finding = asked.attempt();
      ++result.attempts;
      result.found = finding.found;
      note(index, finding);
      const bool holds = finding.verdict == Finding::Verdict::holds;
      if (asking_ == Asking::once) {
        result.verdict = holds ? Verdict::healthy : Verdict::unhealthy;
        break;
      }
      if (holds && !held) holds_since = attempted;
      held = holds;
      // The last attempts are made just when they decide.
      const milliseconds left =
          holds ? check.stable - since(holds_since) : check.within - since(began);
      if (left <= milliseconds(0)) {
        result.verdict = holds ? Verdict::healthy : Verdict::unhealthy;
        break;
      }
      if (!sleep(std::clamp(left, milliseconds(1), check.every))) break;
    }
    if (result.verdict == Verdict::healthy && asked.gate && asking_ == Asking::until_stable) {
      pass_gate(asked, result);
    }
    result.took = since(began);
    return result;
  }

  // Many requests, so only once the check holds, and only where it decides something.
  void pass_gate(const Asked& asked, CheckResult& result) const {
    const Finding finding = asked.gate();
    result.found = finding.found;
    if (finding.verdict == Finding::Verdict::holds) return;
    result.verdict = is_over() ? Verdict::undecided : Verdict::unhealthy;
  }

  // Says what is waited for, with the last answer of each, and how long at most.
  void tell() {
    std::unique_lock lock(mutex_);
    while (std::find(done_.begin(), done_.end(), false) != done_.end()) {
      std::vector<std::string> waiting;
      milliseconds longest{0};
      for (std::size_t i = 0; i < checks_.size(); ++i) {
        if (done_[i]) continue;
        const release::HealthCheck& check = checks_[i].check;
        const std::string& found = results_[i].found;
        waiting.push_back(found.empty() ? check.name : format("{} ({})", check.name, found));
        longest = std::max(longest, check.within + check.stable);
      }
      if (watching_.waiting) {
        watching_.waiting(joined(waiting), std::chrono::ceil<std::chrono::seconds>(longest));
      }
      changed_.wait_for(lock, kLookAround);
    }
  }

  const std::vector<Asked>& checks_;
  Asking asking_;
  const Watching& watching_;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CheckResult> results_;
  std::vector<bool> done_;
};

}  // namespace

std::string_view name(Verdict verdict) {
  for (const auto& [each, word] : kVerdicts) {
    if (each == verdict) return word;
  }
  return "";
}

std::vector<CheckResult> run_checks(const std::vector<Asked>& checks, Asking asking,
                                    const Watching& watching) {
  return Round(checks, asking, watching).run();
}

// What is the site's own, such as where a database is, is read now: a mistake there must be
// correctable, or it would bar the way back for ever.
std::vector<CheckResult> run_rendered(const std::vector<RenderedCheck>& checks,
                                      const Layout& layout, std::uint64_t revision, Asking asking,
                                      const Watching& watching) {
  const release::Site site = release::load_site(layout.site_yaml);
  const ProbeSite place{.site = site, .scripts = scripts_folder(layout, revision)};
  std::vector<Asked> asked;
  for (const RenderedCheck& each : checks) {
    asked.push_back(
        {.check = each.check, .attempt = [&each, &place] { return probe(each, place); }});
    if (!each.check.latency) continue;
    asked.back().gate = [&each, &place, &watching]() -> Finding {
      try {
        return latency_probe(each.check, place, watching.stop);
      } catch (const Error& error) {
        return {.verdict = Finding::Verdict::fails, .found = printable(error.message(), 600)};
      }
    };
  }
  return run_checks(asked, asking, watching);
}

std::vector<std::string> complaints(const std::vector<CheckResult>& results) {
  std::vector<std::string> lines;
  for (const CheckResult& each : results) {
    if (each.verdict != Verdict::unhealthy) continue;
    lines.push_back(format("{}: {} (attempt {}, after {:.1f} s)", each.name, each.found,
                           each.attempts, static_cast<double>(each.took.count()) / 1000));
  }
  return lines;
}

Json to_json(const std::vector<CheckResult>& results) {
  Json list = Json::array();
  for (const CheckResult& each : results) {
    list.push_back({{"name", each.name},
                    {"result", name(each.verdict)},
                    {"attempts", each.attempts},
                    {"milliseconds", static_cast<std::uint64_t>(each.took.count())},
                    {"found", each.found}});
  }
  return list;
}

std::vector<CheckResult> results_from_json(const Json& value, const std::string& where) {
  std::vector<CheckResult> results;
  for (const Json& item : value) {
    Fields fields(item, format("{}[{}]", where, results.size()));
    const std::string word = fields.text("result");
    const auto verdict = std::find_if(kVerdicts.begin(), kVerdicts.end(),
                                      [&](const auto& each) { return word == each.second; });
    if (verdict == kVerdicts.end()) fields.refuse("result", "found another word");
    CheckResult result;
    result.name = fields.text("name");
    result.verdict = verdict->first;
    result.attempts = static_cast<unsigned>(fields.number("attempts"));
    result.took = milliseconds(fields.number("milliseconds"));
    result.found = fields.text("found");
    fields.done();
    results.push_back(std::move(result));
  }
  return results;
}

LastHealth last_health_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  LastHealth last;
  last.time = fields.time("time");
  last.revision = fields.number("revision");
  last.results = results_from_json(fields.array("results"), fields.at("results"));
  fields.done();
  return last;
}

Json to_json(const LastHealth& last) {
  return {{"time", to_text(last.time)},
          {"revision", last.revision},
          {"results", to_json(last.results)}};
}

void keep_last_health(const Layout& layout, const LastHealth& last) {
  try {
    write_file(layout.health(), to_pretty(to_json(last)));
  } catch (const Error& error) {
    log::detail(format("the results are not kept: {}", error.message()));
  }
}

std::optional<LastHealth> last_health(const Layout& layout) {
  if (!path_exists(layout.health())) return std::nullopt;
  const std::string where = layout.health().string();
  return last_health_from_json(parse_json(read_file(layout.health(), kRunnerLargest), where),
                               where);
}

}  // namespace sealift::installer
