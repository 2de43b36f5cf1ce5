// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/metrics.hpp"

#include <map>

#include "base/format.hpp"
#include "base/log.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/health/runner.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/events/spool.hpp"
#include "installer/operations/damage.hpp"
#include "installer/operations/standing.hpp"
#include "installer/session/past.hpp"
#include "installer/site/tls.hpp"

namespace sealift::installer {

namespace {

double seconds_of(Time time) {
  return static_cast<double>(time.seconds);
}

double counted(std::size_t count) {
  return static_cast<double>(count);
}

// What is asked for one metric; another follows whatever becomes of it.
template <typename Ask>
void ask_for(std::string_view what, Ask ask) {
  try {
    ask();
  } catch (...) {
    log::warning(format("metrics: {} is not known: {}", what, current_error().message()));
  }
}

// One look at the site: the state is read once, so that all numbers are of the same moment, and
// each family that needs more is asked for by itself.
class Measuring {
 public:
  Measuring(const SiteWork& work, const Clock& clock)
      : work_(work), clock_(clock), state_(work.state()), now_(state_.current()) {}

  std::vector<Family> all() {
    add("sealift_site_info", "the site: its id, release and environment, and who measured",
        {{{{"site", work_.installation().id},
           {"release", work_.installation().site.release},
           {"environment", work_.installation().site.environment},
           {"installer", SEALIFT_VERSION}},
          1}});
    add("sealift_measured_timestamp_seconds", "when this was measured",
        {{{}, seconds_of(clock_.now())}});
    add_release();
    add_transactions();
    ask_for("drift", [&] { add_drift(); });
    ask_for("health", [&] { add_health(); });
    ask_for("damage", [&] { add_damage(); });
    ask_for("backups", [&] { add_backups(); });
    add_expiry();
    ask_for("what waits to be told", [&] { add_waiting(); });
    return std::move(families_);
  }

 private:
  void add(std::string name, std::string help, std::vector<Sample> samples) {
    families_.push_back({std::move(name), std::move(help), std::move(samples)});
  }

  // What is installed is a label and not a value: a dashboard joins it with the others by it. A
  // site without a release has neither.
  void add_release() {
    std::vector<Sample> info;
    std::vector<Sample> applied;
    if (now_ != nullptr) {
      info.push_back({{{"release", now_->release},
                       {"version", now_->version},
                       {"digest", now_->digest ? now_->digest->str() : ""},
                       {"environment", now_->environment},
                       {"revision", std::to_string(now_->number)}},
                      1});
      for (const PastTransaction& each : state_.history) {
        if (each.number == now_->number && each.ended) {
          applied.push_back({{}, seconds_of(*each.ended)});
        }
      }
    }
    add("sealift_release_info", "the release that is installed", std::move(info));
    add("sealift_release_applied_timestamp_seconds", "since when that release is installed",
        std::move(applied));
  }

  // Only the last one that has ended: one that is at work would make the numbers of the last one
  // vanish for as long as it takes. How it ended and how long it took carry the same label, so that
  // an alert can say what it was.
  void add_transactions() {
    std::vector<Sample> ended;
    std::vector<Sample> success;
    std::vector<Sample> took;
    for (auto each = state_.history.rbegin(); each != state_.history.rend(); ++each) {
      if (!each->ending || !each->ended) continue;
      const Labels labels = {{"purpose", std::string(name(each->purpose))}};
      ended.push_back({labels, seconds_of(*each->ended)});
      success.push_back({labels, each->ending == Event::commit ? 1.0 : 0.0});
      took.push_back({labels, static_cast<double>(duration_of(*each).count())});
      break;
    }
    add("sealift_last_transaction_timestamp_seconds", "when the last transaction ended",
        std::move(ended));
    add("sealift_last_transaction_success", "1: it was done; 0: it was undone", std::move(success));
    add("sealift_last_transaction_duration_seconds", "how long it took", std::move(took));
    add("sealift_transaction_unfinished", "1: a transaction was cut off or is at work",
        {{{}, state_.unfinished ? 1.0 : 0.0}});
    ask_for("the fence", [&] {
      add("sealift_fence_closed", "1: users are kept out",
          {{{}, is_fence_closed(work_.installation().layout) ? 1.0 : 0.0}});
    });
  }

  // At a glance, as `status` has it: a timer that read every file would keep a disk busy. While a
  // transaction is open every component would differ, and that is told by another number.
  void add_drift() {
    if (now_ == nullptr || state_.unfinished) return;
    double differing = 0;
    double skipped = 0;
    for (const Standing& each : standing_of(work_.tools(), *now_, Thoroughness::at_a_glance)) {
      if (!each.is_sound()) ++differing;
      if (each.files_skipped) ++skipped;
    }
    add("sealift_drift_components", "components that are not as they were installed",
        {{{}, differing}});
    add("sealift_drift_skipped_components", "components with too many files for a glance",
        {{{}, skipped}});
  }

  // What was found last and nothing that is asked now: a check may take minutes. Findings about an
  // earlier release say nothing of this one.
  void add_health() {
    const std::optional<LastHealth> last = last_health(work_.installation().layout);
    if (!last || now_ == nullptr || last->revision != now_->number) return;
    std::vector<Sample> checks;
    for (const CheckResult& each : last->results) {
      checks.push_back({{{"check", each.name}}, each.verdict == Verdict::healthy ? 1.0 : 0.0});
    }
    add("sealift_health_check", "1: the check held when it was asked last", std::move(checks));
    add("sealift_health_timestamp_seconds", "when checks were asked last",
        {{{}, seconds_of(last->time)}});
  }

  // Without the audit log and contents: both are read to their ends by `doctor --full`.
  void add_damage() {
    std::vector<Damage> all = damage_of_state(work_.installation().layout, clock_);
    for (Damage& each : damage_of_releases(work_.tools(), state_)) all.push_back(std::move(each));
    add("sealift_damages", "what status calls DAMAGED", {{{}, counted(all.size())}});
  }

  // By what they are of, and the newest as it was made: a clock that jumped does not change the
  // order of the list.
  void add_backups() {
    std::map<std::string, Backup> newest;
    std::map<std::string, double> counts;
    for (const Backup& each : Backups(work_.installation().layout, work_.tools().workers).list()) {
      newest.insert_or_assign(each.database, each);
      ++counts[each.database];
    }
    std::vector<Sample> made;
    std::vector<Sample> bytes;
    std::vector<Sample> kept;
    for (const auto& [of, each] : newest) {
      made.push_back({{{"of", of}}, seconds_of(each.made)});
      bytes.push_back({{{"of", of}}, static_cast<double>(each.packed)});
      kept.push_back({{{"of", of}}, counts[of]});
    }
    add("sealift_backup_timestamp_seconds", "when the newest backup was made", std::move(made));
    add("sealift_backup_bytes", "the size of the newest backup", std::move(bytes));
    add("sealift_backups", "how many backups are kept", std::move(kept));
  }

  // By the host's clock alone: Prometheus compares with its own.
  void add_expiry() {
    std::vector<Sample> roots;
    ask_for("the trust root", [&] {
      const Layout& layout = work_.installation().layout;
      if (!dir_exists(layout.trust()) || is_empty_dir(layout.trust())) return;
      const signing::Root root = trusted_root(layout);
      roots.push_back({{{"version", std::to_string(root.version())}}, seconds_of(root.expires())});
    });
    std::vector<Sample> certificates;
    for (const auto& each : work_.installation().site.tls) {
      ask_for("a certificate", [&] {
        const auto expires = judge_tls(each.first, each.second, clock_.now()).expires;
        if (expires) certificates.push_back({{{"name", each.first}}, seconds_of(*expires)});
      });
    }
    add("sealift_root_expiry_timestamp_seconds", "when the trust root expires", std::move(roots));
    add("sealift_certificate_expiry_timestamp_seconds", "when a certificate of site.yaml expires",
        std::move(certificates));
  }

  // Also what waits to be carried out: on a site without a network nothing else grows.
  void add_waiting() {
    std::vector<Sample> waiting;
    std::vector<Sample> failures;
    for (const Waiting& each : Spool(work_.installation(), clock_).waiting()) {
      waiting.push_back({{{"destination", each.name}}, counted(each.events.size())});
      failures.push_back({{{"destination", each.name}}, static_cast<double>(each.cursor.failures)});
    }
    add("sealift_events_waiting", "events that a destination was not told yet", std::move(waiting));
    add("sealift_events_failures", "failures since a destination took an event last",
        std::move(failures));
  }

  const SiteWork& work_;
  const Clock& clock_;
  State state_;
  const Revision* now_;
  std::vector<Family> families_;
};

}  // namespace

std::vector<Family> metrics_of(const SiteWork& work, const Clock& clock) {
  return Measuring(work, clock).all();
}

}  // namespace sealift::installer
