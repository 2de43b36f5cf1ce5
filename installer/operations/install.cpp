// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/install.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "content/media_types.hpp"
#include "installer/content/kept_set.hpp"
#include "installer/content/site_values.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/health/hook.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/records/flags.hpp"
#include "installer/records/overrides.hpp"
#include "installer/transaction/transaction.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kIncoming = ".incoming-";

std::string store_name(const bundle::Contents& contents) {
  return format("{}-{}-{}.bundle.tar{}", contents.document.name, contents.document.version,
                contents.digest().short_hex(), contents.compression.empty() ? "" : ".zst");
}

// By the documents alone, before a large file is copied.
bundle::Judgement judge_early(const Tools& tools, const fs::path& file,
                              const bundle::Trust& trust) {
  const Fd fd = open_for_reading(file);
  FdSource source(fd.get(), file.string());
  bundle::Verifier verifier(source, file.string(), trust, tools.workers);
  return verifier.judgement();
}

void copy_in(const Tools& tools, const fs::path& file, int to, const std::string& name) {
  const Fd from = open_for_reading(file);
  const std::uint64_t size = file_bytes(file);
  if (free_space(tools.installation.layout.store()).bytes < size + size / 20) {
    throw Error(Errc::io,
                format("{}: has no room for the bundle's {} bytes",
                       tools.installation.layout.store().string(), size),
                "free some space, or run: sealift-installer prune");
  }
  FdSource source(from.get(), file.string());
  FdSink sink(to, name);
  copy(source, sink);
  sync_fd(to, name);
}

void keep_revision(const Tools& tools, std::uint64_t number, const release::Values& values,
                   const Health& health) {
  const fs::path folder = tools.installation.layout.revisions() / std::to_string(number);
  make_dirs(folder);
  write_file(folder / "values.json", to_canonical(Json(values)), FileMode::secret);
  write_file(folder / "site.yaml", tools.installation.site_text, FileMode::secret);
  keep_health(tools.installation.layout, number, health);
}

void remove_revision(const Layout& layout, std::uint64_t number) {
  const Dir revisions = Dir::open(layout.revisions());
  revisions.remove_tree(std::to_string(number));
  revisions.sync();
}

Json evidence(const Plan& plan) {
  const Revision& outcome = plan.outcome;
  Json value = {{"transaction", plan.number},
                {"purpose", name(plan.purpose)},
                {"version", outcome.version},
                {"environment", outcome.environment},
                {"reason", plan.reason}};
  if (outcome.digest) value["digest"] = outcome.digest->str();
  return value;
}

void let_users_in(const Tools& tools) {
  try {
    const State state = load_state(tools.installation.layout, tools.clock);
    const Revision* now = state.current();
    SiteContent content = content_of(tools, now != nullptr ? *now : Revision{});
    open_fence(tools.installation.layout, content);
  } catch (...) {
    throw Error(Errc::needs_operator,
                format("the transaction has ended, but users are still kept out: {}",
                       current_error().message()),
                "repair the cause, then run: sealift-installer recover");
  }
}

// Users come back once a transaction has ended, whoever ended it.
void lift_fence(const Tools& tools) {
  if (is_fence_closed(tools.installation.layout)) let_users_in(tools);
}

// Where the transaction was taken back, the undo of the step that closed the fence has opened it.
void lift_fence_after(const Tools& tools, const Journal& journal) {
  if (journal.ending() == Event::commit && closes_fence(journal.plan())) let_users_in(tools);
}

// What follows the end of a transaction. Nothing here can change how it ended: what fails is said,
// and the next command does it.
class Aftermath {
 public:
  template <typename Work>
  void attempt(std::string_view what, Work work) {
    try {
      work();
    } catch (...) {
      is_complete_ = false;
      log::warning(
          format("{} failed, the next command tries again: {}", what, current_error().message()));
    }
  }
  bool is_complete() const { return is_complete_; }

 private:
  bool is_complete_ = true;
};

void tidy(const Tools& tools) {
  const State state = load_state(tools.installation.layout, tools.clock);
  write_summary(tools.installation.layout, state);
  prune(tools, state);
}

// The roots that the current release brought, where a crash came between its commit and their
// keeping.
void store_roots_of_current(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  if (state.current() == nullptr || state.current()->bundle.empty()) return;
  const fs::path file = layout.store() / state.current()->bundle;
  if (!path_exists(file)) return;  // `status` names it
  try {
    const Fd fd = open_for_reading(file);
    FdSource source(fd.get(), file.string());
    const bundle::Trust trust = tools.trust();
    store_roots(layout,
                bundle::Verifier(source, file.string(), trust, tools.workers).judgement().newer,
                tools.audit());
  } catch (...) {
    log::warning(
        format("cannot read the roots of the current release: {}", current_error().message()));
  }
}

// What an ended transaction's line in the audit log is called.
std::string event_of(const Journal& journal) {
  return journal.ending() == Event::commit ? std::string(name(journal.plan().purpose)) : "failed";
}

bool has_line(const AuditLog& audit, std::uint64_t transaction) {
  const std::vector<Json> entries = audit.entries();
  return std::any_of(entries.begin(), entries.end(), [&](const Json& entry) {
    return transaction_from_json(entry) == transaction;
  });
}

// Behind every end: `add_line` adds the audit log's line, then the journal is closed. A journal
// that stays unclosed is how the next command knows that this is left to it.
template <typename AddLine>
void close_after(const Tools& tools, Journal& journal, AddLine add_line) {
  Aftermath aftermath;
  aftermath.attempt("adding a line to the audit log", add_line);
  if (journal.ending() == Event::abort) {
    aftermath.attempt("removing what was kept for the release",
                      [&] { remove_revision(tools.installation.layout, journal.plan().number); });
  }
  if (aftermath.is_complete()) aftermath.attempt("closing the journal", [&] { journal.close(); });
}

// Transactions that have ended without what follows: a crash, or a disk that was full, came
// between. Their last record is made durable first, for it may have been read from memory alone.
void close_ended(const Tools& tools, const State& state) {
  for (const fs::path& file : state.unclosed) {
    Journal journal = Journal::open(file, tools.clock);
    close_after(tools, journal, [&] {
      if (has_line(tools.audit(), journal.plan().number)) return;
      Json details = evidence(journal.plan());
      details["late"] = true;
      tools.audit().append(event_of(journal), std::move(details));
    });
  }
}

void follow_up(const Tools& tools, Journal& journal, const std::string& event, Json details) {
  close_after(tools, journal, [&] { tools.audit().append(event, std::move(details)); });
}

// Those behind the commit. The release stands whatever they do.
void run_last_hooks(const Tools& tools, const Draft& draft) {
  for (const RenderedHook& hook : draft.last_hooks()) {
    try {
      run_hook(hook.run, tools.installation.layout, draft.plan.number);
    } catch (...) {
      const Error error = current_error();
      log::warning(format("{}; the release stands", error.message()));
      audit_failure(tools, "hook-failed",
                    {{"transaction", draft.plan.number}, {"hook", hook.run.check.name}}, error);
    }
  }
}

// Gives up the images of revisions that go, unless one that stays has them too. Their folders are
// still there: a revision without one was seen to before.
void release_images(const State& state, const std::set<std::uint64_t>& keep, const Layout& layout,
                    const Drivers& drivers) {
  using Key = std::tuple<std::string, std::string, Digest>;
  const auto key_of = [](const Placement& placement, const PlacedImage& image) {
    return Key{placement.driver, placement.settings.dump(), image.digest};
  };
  std::set<Key> needed;
  for (const PastTransaction& past : state.history) {
    if (past.ending != Event::commit || !keep.contains(past.number)) continue;
    for (const Placement& placement : past.outcome.placements) {
      for (const PlacedImage& image : placement.images) needed.insert(key_of(placement, image));
    }
  }
  for (const PastTransaction& past : state.history) {
    if (past.ending != Event::commit || keep.contains(past.number)) continue;
    if (!is_retained(layout, past.outcome)) continue;
    for (Placement placement : past.outcome.placements) {
      std::erase_if(placement.images, [&](const PlacedImage& image) {
        return needed.contains(key_of(placement, image));
      });
      if (!placement.images.empty()) drivers.named(placement.driver).prune(placement);
    }
  }
}

// Files of earlier releases that were kept reachable and are not to be any more.
void trim_kept(const Tools& tools, const State& state, const Drivers& drivers) {
  const Revision* now = state.current();
  if (now == nullptr) return;
  SiteContent content = content_of(tools, *now);
  std::set<std::string> seen;
  for (const Revision& revision : state.revisions) {
    for (const Placement& placement : revision.placements) {
      if (!kept_of(placement) || !seen.insert(placement.path).second) continue;
      drivers.named(placement.driver).trim(placement, now->placement_at(placement.path), content);
    }
  }
}

void sweep_targets(const Tools& tools, const State& state, const Drivers& drivers) {
  const std::vector<Placement> known = retained_placements(tools.installation.layout, state);
  for (const auto& [name, target] : tools.installation.site.targets) {
    try {
      drivers.named(target.driver).sweep(target, tools.installation.id, known);
    } catch (const Error& error) {
      log::warning(format("target {}: leftovers are not removed: {}", name, error.message()));
    }
  }
}

// Backups of revisions that are kept stay, whatever the rule says.
void prune_backups(const Tools& tools, const State& state, const std::set<std::uint64_t>& keep) {
  if (tools.installation.site.databases.empty()) return;
  std::vector<std::string> needed;
  for (const PastTransaction& past : state.history) {
    if (!keep.contains(past.number)) continue;
    for (const Placement& placement : past.outcome.placements) {
      needed.push_back(format("{}-{}", placement.target, past.number));
    }
  }
  Backups(tools.installation.layout, tools.workers)
      .prune(tools.installation.site.keep_backups, needed);
}

void remove_incoming(const Layout& layout) {
  const Dir store = Dir::open(layout.store());
  for (const Entry& entry : store.entries()) {
    if (entry.name.starts_with(kIncoming)) store.remove_tree(entry.name);
  }
}

bool has_journal(const Layout& layout, std::uint64_t number) {
  return path_exists(layout.journal() / format("{:06}.journal", number));
}

// Where there is no journal nothing was begun, and nothing is kept for it.
Journal begin_journal(const Tools& tools, const Draft& draft) {
  const Layout& layout = tools.installation.layout;
  try {
    return Journal::create(layout.journal(), draft.plan, tools.clock);
  } catch (...) {
    const Error error = current_error();
    Aftermath aftermath;
    aftermath.attempt("removing what was kept for the release", [&] {
      if (!has_journal(layout, draft.plan.number)) remove_revision(layout, draft.plan.number);
    });
    throw error;
  }
}

// Behind every recovery.
void clean_up(const Tools& tools) {
  Aftermath aftermath;
  aftermath.attempt("reading the state", [&] {
    store_roots_of_current(tools, load_state(tools.installation.layout, tools.clock));
  });
  aftermath.attempt("tidying up", [&] { tidy(tools); });
}

}  // namespace

bundle::Trust Tools::trust(bundle::Expiry expiry) const {
  const Time now = believed_now(installation.layout, clock);
  return {.root = trusted_root(installation.layout),
          .environment = installation.site.environment,
          .policy = installation.site.policy,
          .now = now,
          .expiry = expiry};
}

Json evidence(const bundle::Judgement& judgement) {
  Json value = {{"digest", judgement.release.str()}, {"rootVersion", judgement.root.version()}};
  if (judgement.statement) value["version"] = judgement.statement->version;
  if (judgement.count) {
    Json keys = Json::array();
    for (const signing::PublicKey& key : judgement.count->by) keys.push_back(key.id());
    value["keys"] = std::move(keys);
  }
  return value;
}

SiteContent Accepted::content(const Tools& tools, const release::Values& set) const {
  const bundle::Contents& contents = verified.contents();
  return SiteContent(tools.installation.layout, tools.installation.layout.store() / name,
                     contents.digest(), values_for(contents, tools.installation.site, set),
                     tools.workers, secret_files(tools.installation.site));
}

void audit_failure(const Tools& tools, const std::string& event, Json details, const Error& error) {
  details["code"] = name(error.code());
  details["message"] = error.message();
  try {
    tools.audit().append(event, std::move(details));
  } catch (...) {
    log::warning(format("the audit log has no line of it: {}", current_error().message()));
  }
}

Accepted accept(const Tools& tools, const fs::path& file, bundle::Expiry expiry) {
  const Layout& layout = tools.installation.layout;
  const fs::path incoming = layout.store() / format("{}{}", kIncoming, random_hex(6));
  Json known = {{"bundle", printable(file.filename().string())}};
  try {
    const bundle::Trust trust = tools.trust(expiry);
    const bundle::Judgement early = judge_early(tools, file, trust);
    known.update(evidence(early));
    if (early.refusal) throw early.refusal->within(file.string());
    const Fd fd(::open(incoming.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.is_open()) throw_errno(incoming.string(), "create");
    copy_in(tools, file, fd.get(), incoming.string());
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) throw_errno(incoming.string(), "rewind");
    FdSource source(fd.get(), file.string());
    bundle::VerifiedBundle verified =
        bundle::Verifier(source, file.string(), trust, tools.workers).verify(tools.progress);
    const std::string name = store_name(verified.contents());
    const bool was_there = path_exists(layout.store() / name);
    const Dir store = Dir::open(layout.store());
    store.rename(incoming.filename().string(), name);
    store.sync();
    return {.verified = std::move(verified), .name = name, .was_there = was_there};
  } catch (...) {
    const Error error = current_error();
    ::unlink(incoming.c_str());
    audit_failure(tools, "refused", std::move(known), error);
    throw error;
  }
}

void refuse(const Tools& tools, const Accepted& accepted, const Draft* draft, const Error& error) {
  forget(tools, accepted);
  // What came as far as a journal has its line already; where that cannot be known it may have.
  try {
    if (draft != nullptr && has_journal(tools.installation.layout, draft->plan.number)) return;
  } catch (const Error&) {
    return;
  }
  audit_failure(tools, "refused", evidence(accepted.verified.judgement()), error);
}

void forget(const Tools& tools, const Accepted& accepted) {
  if (accepted.was_there) return;
  try {
    const State state = load_state(tools.installation.layout, tools.clock);
    if (needs_bundle(tools.installation.layout, state, accepted.name)) return;
    const Dir store = Dir::open(tools.installation.layout.store());
    store.remove_tree(accepted.name);
    store.sync();
  } catch (...) {
    log::warning(format("the bundle stays in the store until the next clean-up: {}",
                        current_error().message()));
  }
}

release::Values kept_values(const Layout& layout, const Revision& revision) {
  const fs::path file = layout.revisions() / std::to_string(revision.number) / "values.json";
  return parse_json(read_file(file, 16 << 20), file.string()).get<release::Values>();
}

SiteContent content_of(const Tools& tools, const Revision& revision) {
  const Layout& layout = tools.installation.layout;
  SiteContent content(
      layout, layout.store() / revision.bundle, revision.digest,
      is_retained(layout, revision) ? kept_values(layout, revision) : release::Values{},
      tools.workers,
      {.environment = revision.environment, .files = tools.installation.site.secrets});
  for (const Placement& placement : revision.placements) {
    if (has_flags(placement)) content.set_flags(placement.component, flags_of(placement));
  }
  return content;
}

void settle(const Tools& tools) {
  remove_incoming(tools.installation.layout);
  const State state = load_state(tools.installation.layout, tools.clock);
  close_ended(tools, state);
  if (!state.unfinished) {
    lift_fence(tools);
    store_roots_of_current(tools, state);
    return;
  }
  const Journal journal = Journal::read(*state.unfinished, tools.clock);
  if (!is_only_staged(journal)) {
    const std::optional<FailedUndo> failed = failed_undo(journal);
    throw Error(
        Errc::needs_operator,
        format("transaction {} ({}) {}", journal.plan().number, name(journal.plan().purpose),
               failed ? format("needs a person: {} could not be taken back", failed->step)
                      : std::string("was cut off after it had begun to switch")),
        failed ? "see what is installed where, and how to continue: sealift-installer status"
               : "return to the release before it with: sealift-installer recover");
  }
  log::warning(format("transaction {} was cut off before anything could be seen; undoing it",
                      journal.plan().number));
  recover(tools, Direction::back);
}

void carry_out(const Tools& tools, const Draft& draft, Content& content,
               const release::Values& values, const std::vector<signing::Root>& newer_roots) {
  const Layout& layout = tools.installation.layout;
  check_space(draft);
  keep_revision(tools, draft.plan.number, values, draft.health);
  keep_overrides(layout, draft.plan.number, draft.set);
  const Drivers& drivers = tools.drivers;
  const StopFlag stop;
  StepIo io{.content = content,
            .progress = tools.progress,
            .stop = stop,
            .writes = Writes::kept_by_fence};
  std::uint64_t bytes = 0;
  for (const ComponentChange& change : draft.changes) bytes += change.new_bytes;
  Json details = evidence(draft.plan);
  details.update(draft.evidence);
  Journal journal = begin_journal(tools, draft);
  tools.progress.begin(name(draft.plan.purpose), bytes);
  try {
    run_transaction(journal, drivers, io);
  } catch (const Error& error) {
    tools.progress.end();
    if (journal.ending()) {
      details["code"] = name(error.code());
      details["message"] = error.message();
      follow_up(tools, journal, "failed", std::move(details));
    } else {
      audit_failure(tools, "failed", std::move(details), error);
    }
    throw;
  }
  tools.progress.end();
  follow_up(tools, journal, std::string(name(draft.plan.purpose)), std::move(details));
  Aftermath aftermath;
  aftermath.attempt("keeping the newer roots",
                    [&] { store_roots(layout, newer_roots, tools.audit()); });
  aftermath.attempt("tidying up", [&] { tidy(tools); });
  lift_fence_after(tools, journal);
  run_last_hooks(tools, draft);
}

std::optional<Proof> recover(const Tools& tools, Direction direction, const std::string& reason) {
  const Layout& layout = tools.installation.layout;
  Aftermath aftermath;
  aftermath.attempt("removing leftovers of the store", [&] { remove_incoming(layout); });
  const State state = load_state(layout, tools.clock);
  close_ended(tools, state);
  if (!state.unfinished) {
    aftermath.attempt("tidying up", [&] { tidy(tools); });
    lift_fence(tools);
    return std::nullopt;
  }
  const bool is_given_up = direction == Direction::back_with_database;
  Proof proved;
  try {
    Journal journal = Journal::open(*state.unfinished, tools.clock);
    SiteContent content = content_of(tools, journal.plan().outcome);
    const Drivers& drivers = tools.drivers;
    const StopFlag stop;
    StepIo io{.content = content,
              .progress = tools.progress,
              .stop = stop,
              .writes = is_given_up ? Writes::given_up : Writes::kept};
    if (direction != Direction::forward) {
      recover_back(journal, drivers, io);
    } else {
      recover_forward(journal, drivers, io);
    }
    proved = std::move(io.kept);
    proved.insert(proved.end(), io.proved.begin(), io.proved.end());
    Json details = evidence(journal.plan());
    details["direction"] = direction == Direction::forward ? "forward" : "back";
    if (is_given_up) {
      details["restoredDatabase"] = true;
      details["recoverReason"] = printable(reason, 1024);
    }
    follow_up(tools, journal, "recovered", std::move(details));
    clean_up(tools);
    lift_fence_after(tools, journal);
  } catch (...) {
    const Error error = current_error();
    throw Error(Errc::needs_operator, error.message(),
                error.hint().empty() ? "repair the cause, then run: sealift-installer recover"
                                     : error.hint());
  }
  return proved;
}

void end_by_hand(const Tools& tools, Event ending, const std::string& why, const Json& found) {
  const Layout& layout = tools.installation.layout;
  const State state = load_state(layout, tools.clock);
  if (!state.unfinished) throw Error(Errc::internal, "no transaction is open");
  Journal journal = Journal::open(*state.unfinished, tools.clock);
  // Before the journal: whoever reads that it ended finds who said so.
  Json details = evidence(journal.plan());
  details.update(found);
  tools.audit().append("accepting", std::move(details));
  journal.append(ending, {}, Json(why));
  Json recovered = evidence(journal.plan());
  recovered["direction"] = ending == Event::commit ? "accepted new" : "accepted old";
  follow_up(tools, journal, "recovered", std::move(recovered));
  clean_up(tools);
  lift_fence(tools);
}

Pruned prune(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  std::set<std::uint64_t> keep;
  // With those that it is the same release as.
  const std::function<void(const Revision*)> keep_one = [&](const Revision* revision) {
    if (revision == nullptr || !keep.insert(revision->number).second) return;
    if (revision->restores) keep_one(state.revision(*revision->restores));
    if (revision->changes) keep_one(state.revision(*revision->changes));
  };
  keep_one(state.current());
  keep_one(state.previous());
  if (state.staged) keep_one(&*state.staged);
  // Newest first, each release once however often it was restored or its flags were changed.
  unsigned left = tools.installation.site.keep_releases;
  for (auto each = state.revisions.rbegin(); each != state.revisions.rend() && left > 0; ++each) {
    if (keep.contains(each->number) || each->restores || !is_retained(layout, *each)) continue;
    if (each->changes && keep.contains(*each->changes)) continue;
    keep_one(&*each);
    --left;
  }

  std::set<std::pair<std::string, std::string>> places;
  std::set<std::string> bundles;
  std::set<std::string> tables;
  const auto use = [&](const Revision& revision) {
    bundles.insert(revision.bundle);
    for (const Placement& placement : revision.placements) {
      places.insert({placement.path, placement.directory});
      tables.insert(placement.table.hex() + ".jsonl");
      const std::optional<KeptSet> kept = kept_of(placement);
      if (!kept) continue;
      for (const KeptRelease& each : kept->releases) tables.insert(each.table.hex() + ".jsonl");
    }
  };
  for (const PastTransaction& past : state.history) {
    if (keep.contains(past.number) && past.ending == Event::commit) use(past.outcome);
  }

  Pruned pruned;
  const Drivers& drivers = tools.drivers;
  release_images(state, keep, layout, drivers);
  trim_kept(tools, state, drivers);
  const Dir revisions = Dir::open(layout.revisions());
  for (const Entry& entry : revisions.entries()) {
    if (keep.contains(std::strtoull(entry.name.c_str(), nullptr, 10))) continue;
    revisions.remove_tree(entry.name);
  }
  revisions.sync();
  for (const PastTransaction& past : state.history) {
    if (past.ending != Event::commit || keep.contains(past.number)) continue;
    for (const Placement& placement : past.outcome.placements) {
      if (places.contains({placement.path, placement.directory}) || placement.directory.empty() ||
          !path_exists(fs::path(placement.path) / placement.directory)) {
        continue;
      }
      drivers.named(placement.driver).prune(placement);
      ++pruned.releases;
    }
  }
  const Dir store = Dir::open(layout.store());
  for (const Entry& entry : store.entries()) {
    if (bundles.contains(entry.name) || entry.name.starts_with(kIncoming)) continue;
    store.remove_tree(entry.name);
    ++pruned.bundles;
  }
  store.sync();
  const Dir kept_tables = Dir::open(layout.tables());
  for (const Entry& entry : kept_tables.entries()) {
    if (!tables.contains(entry.name)) kept_tables.remove_tree(entry.name);
  }
  sweep_targets(tools, state, drivers);
  prune_backups(tools, state, keep);
  return pruned;
}

}  // namespace sealift::installer
