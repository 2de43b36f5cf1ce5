// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/writers_fence.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/driver/step_driver.hpp"
#include "installer/drivers/kubectl/kubectl.hpp"
#include "installer/drivers/kubernetes/writer_count.hpp"
#include "installer/drivers/kubernetes/writers.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kStop = "stop";
constexpr const char* kStart = "start";
constexpr std::uint64_t kLargest = 4U << 20;  // bytes of the file

using Stopped = std::vector<StoppedWriter>;

bool is_any_stopped(const Layout& layout) {
  return path_exists(layout.writers());
}

Stopped load(const Layout& layout) {
  const fs::path file = layout.writers();
  return stopped_writers_from_json(parse_json(read_file(file, kLargest), file.string()),
                                   file.string());
}

void store(const Layout& layout, const Stopped& all) {
  write_file(layout.writers(), to_pretty(to_json(all)), FileMode::secret);
}

bool is_of(const StoppedWriter& each, const KubernetesSettings& settings) {
  const KubernetesSettings& server = each.writer.server;
  return server.name_space == settings.name_space && server.context == settings.context &&
         server.kubeconfig == settings.kubeconfig;
}

const Json* body_of(const StoppedWriter& each, const std::vector<Json>& bodies) {
  const auto found = std::find_if(bodies.begin(), bodies.end(), [&](const Json& body) {
    return kubernetes::reference_of(body).is_same(each.writer.reference);
  });
  return found == bodies.end() ? nullptr : &*found;
}

// All are told before any is waited for.
void stop(const Stopped& writers, StepIo& io) {
  for (const StoppedWriter& each : writers) stop_writer(each);
  await_stopped(writers, io);
}

// Those that were started, which have pods to wait for.
Stopped start(const Stopped& writers) {
  Stopped started;
  for (const StoppedWriter& each : writers) {
    if (!start_writer(each)) {
      log::detail(format("{} is not there any more", each.writer.reference.str()));
    } else if (!is_cron_job(each.writer)) {
      started.push_back(each);
    }
  }
  return started;
}

Stopped not_running(Stopped all) {
  std::erase_if(all, [](const StoppedWriter& each) { return each.runs; });
  return all;
}

void forget(const Layout& layout) {
  const Dir folder = Dir::open(layout.state);
  folder.remove_tree(layout.writers().filename().string());
  try {
    folder.sync();
  } catch (const Error& error) {
    // All run. Where a power cut brings the file back, the next command starts what runs already.
    log::warning(error.message());
  }
}

class WritersDriver : public StepDriver {
 public:
  explicit WritersDriver(const Layout& layout) : layout_(layout) {}

  Json apply(const Step& step, StepIo& io) override {
    const std::vector<Writer> writers = writers_from_json(step.data, step.id);
    if (step.action == kStart) {
      start_all(io);
      return nullptr;
    }
    // Before anything is stopped, and once: what is seen after that says nothing of before.
    if (!is_any_stopped(layout_)) store(layout_, look_at(writers));
    // A recovery that goes forward finds those that were started; no database is behind them.
    stop(not_running(load(layout_)), io);
    return nullptr;
  }

  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (!is_any_stopped(layout_)) return;
    if (step.action == kStart) {
      Stopped all = load(layout_);
      for (StoppedWriter& each : all) each.runs = false;
      store(layout_, all);
      stop(all, io);
      return;
    }
    await_started(start(not_running(load(layout_))), io);
    forget(layout_);
  }

 private:
  static Stopped look_at(const std::vector<Writer>& writers) {
    Stopped all;
    for (const Writer& each : writers) {
      if (const auto found = stopped_writer(each)) {
        all.push_back(*found);
      } else {
        log::detail(format("the fence does not stop {}, which is not there", each.reference.str()));
      }
    }
    return all;
  }

  // A CronJob needs no pod for checks to succeed: it waits for the commit.
  void start_all(StepIo& io) const {
    if (!is_any_stopped(layout_)) return;
    Stopped all = load(layout_);
    Stopped waiting = not_running(all);
    std::erase_if(waiting, [](const StoppedWriter& each) { return is_cron_job(each.writer); });
    await_started(start(waiting), io);
    for (StoppedWriter& each : all) each.runs = each.runs || !is_cron_job(each.writer);
    store(layout_, all);
  }

  Layout layout_;
};

std::vector<Writer> writers_of(const release::Site& site) {
  std::vector<Writer> writers;
  for (const release::FencedWriter& each : site.fence.value().writers) {
    writers.push_back({.server = server_settings(site.targets.at(each.target)),
                       .reference = writer_reference(each.kind, each.name)});
  }
  return writers;
}

Step step_for(const std::vector<Writer>& writers, Phase phase, const char* action,
              std::string summary) {
  return {.id = format("{}:{}", kWritersDriver, action),
          .phase = phase,
          .component = "fence",
          .target = "fence",
          .driver = kWritersDriver,
          .action = action,
          .data = to_json(writers),
          .summary = std::move(summary)};
}

}  // namespace

std::unique_ptr<Driver> writers_driver(const Layout& layout) {
  return std::make_unique<WritersDriver>(layout);
}

Step stop_writers_step(const release::Site& site) {
  const std::vector<Writer> writers = writers_of(site);
  return step_for(writers, Phase::fence, kStop,
                  format("stop the writers of the fence: {}; they start with their new version",
                         printable(names_of(writers), 400)));
}

Step start_writers_step(const release::Site& site) {
  const std::vector<Writer> writers = writers_of(site);
  return step_for(writers, Phase::activate, kStart,
                  format("start the writers of the fence that are still stopped: {}",
                         printable(names_of(writers), 400)));
}

void release_writers(const Layout& layout) {
  if (!is_any_stopped(layout)) return;
  start(not_running(load(layout)));
  forget(layout);
}

// A CronJob too, where its manifest says whether it is suspended.
void note_running(const Layout& layout, const KubernetesSettings& settings,
                  const std::vector<Json>& bodies) {
  if (!is_any_stopped(layout)) return;
  Stopped all = load(layout);
  for (StoppedWriter& each : all) {
    const Json* body = is_of(each, settings) ? body_of(each, bodies) : nullptr;
    if (body != nullptr && says_count(*body)) each.runs = true;
  }
  store(layout, all);
}

void stop_again(const Layout& layout, const KubernetesSettings& settings, std::vector<Json>& bodies,
                StepIo& io) {
  if (!is_any_stopped(layout)) return;
  Stopped all = load(layout);
  Stopped own;
  for (StoppedWriter& each : all) {
    if (!is_of(each, settings) || body_of(each, bodies) == nullptr) continue;
    each.runs = false;
    own.push_back(each);
  }
  store(layout, all);
  stop(own, io);
  for (const StoppedWriter& each : own) {
    for (Json& body : bodies) {
      const bool is_it = kubernetes::reference_of(body).is_same(each.writer.reference);
      if (is_it && says_count(body)) body = with_no_pods(std::move(body));
    }
  }
}

}  // namespace sealift::installer
