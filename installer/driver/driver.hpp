// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Driver changes one place in the world: a directory, a container store, a database. It knows
// nothing of bundles, journals or other drivers.
// plan() changes nothing. apply() and undo() are idempotent, and undo() of a step that was never
// applied does nothing: after a crash nobody knows, so nobody needs to. What an undo needs stands
// in the step or in the result of apply().

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "installer/content/content.hpp"
#include "installer/driver/difference.hpp"
#include "installer/driver/runtime_question.hpp"
#include "installer/driver/stop.hpp"
#include "installer/records/placement.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

// What only drivers of one family are told; each is in the folder of its family.
struct FilesWish;     // drivers/files/files_wish.hpp
struct ImagesWish;    // drivers/images/images_wish.hpp
struct DatabaseWish;  // drivers/databases/database_wish.hpp

// What shall stand on a target when the transaction is done.
struct Wish {
  std::string component;            // of the release; steps and placements carry it
  std::string target;               // its name in site.yaml
  std::string site;                 // the site's id
  std::string path;                 // of the target
  std::uint64_t number = 0;         // of the transaction
  std::string label;                // names the release in the target, e.g. "1.1.0-0123456789ab"
  std::optional<Digest> table;      // what shall stand there; nothing: the component goes
  std::string ready;                // a directory that holds just that already; empty: none
  std::optional<Placement> before;  // what stands there by the site's records
  Json settings;                    // as in its placement
  Purpose purpose = Purpose::apply;
  Content* content = nullptr;  // of the release, for looking at the target; null: not to be had
  // A driver looks at that of its family alone, which is null where nothing of it is asked.
  std::shared_ptr<const FilesWish> files = {};
  std::shared_ptr<const ImagesWish> images = {};
  std::shared_ptr<const DatabaseWish> database = {};
};

// Whether an undo may discard what others may have written since.
enum class Writes {
  kept,           // nobody knows who has written
  kept_by_fence,  // nobody can have, where the transaction has closed the fence
  given_up        // a person said so
};

// What a driver is given while it works.
struct StepIo {
  Content& content;           // of the release that is installed by this, or goes
  Content* former = nullptr;  // of the one that was installed before; null: there was none
  Progress& progress;
  const StopFlag& stop;  // asked between files, images and looks
  Writes writes = Writes::kept;
  std::set<std::string> begun = {};      // on the way back: every step that was ever begun
  std::optional<Phase> furthest = {};    // on the way back: the last phase that was ever begun
  std::vector<std::string> proved = {};  // what an undo has made sure of, for people
  std::vector<std::string> kept = {};    // what an undo has left as the new release made it
};

// Something that stood on a target before sealift came.
struct Adoptable {
  fs::path folder;                   // its files
  std::vector<std::string> skipped;  // paths in the folder that are not among them
  std::string directory;             // its place where it is served already; empty: to be copied
};

// What check() finds of a step that was begun. Where a driver cannot tell, it says not_applied,
// since apply() may be repeated.
enum class StepState { not_applied, partial, applied };

class Driver {
 public:
  virtual ~Driver() = default;
  // Whether components of this artifact type (content/media_types.hpp) may go to such a target.
  virtual bool accepts(std::string_view artifact_type) const = 0;
  // Of manifests: what their placement says beside their files.
  virtual Json settings(const RuntimeQuestion&) const { return nullptr; }
  virtual std::vector<release::Claim> claims(const RuntimeQuestion&) const { return {}; }
  // Of manifests: folders in the data of their releases that what runs mounts -> whose they are.
  virtual std::map<std::string, std::string> data_folders(const RuntimeQuestion&) const {
    return {};
  }
  // The steps from what stands there to the wish. Throws Error{incompatible} where the place is not
  // ours or is not as the records say.
  virtual std::vector<Step> plan(const Wish& wish) const = 0;
  // What `init --adopt` would adopt there; nothing where it is empty. Changes nothing.
  virtual std::optional<Adoptable> adoptable(const std::string& /*path*/) const { return {}; }
  // Marks a path whose content is adopted where it is served already.
  virtual void take_over(const Wish&) {}
  // The step that brings data which lies elsewhere to where releases share it.
  virtual std::optional<Step> data_step(const Wish&) const { return {}; }
  // Takes that mark away again.
  virtual void give_up(const Wish&) {}
  // How far a step has come; asked after a crash, where the journal knows only that it was begun.
  virtual StepState check(const Step& step, StepIo& io) const = 0;
  // Does the step, or what is left of it. Durable when it returns. What it returns is kept in the
  // journal and given to undo(). Any exception is the step's failure.
  virtual Json apply(const Step& step, StepIo& io) = 0;
  // Takes the step back, however far it came. `result` is that of apply(), nothing where it never
  // ended.
  virtual void undo(const Step& step, const std::optional<Json>& result, StepIo& io) = 0;
  // How what stands there differs from what was put there.
  virtual std::vector<Difference> inspect(const Placement& placement, Thoroughness thoroughness,
                                          Strangers strangers, Content& content) const = 0;
  // How what runs of it differs from what should run; files are inspect()'s. `content` is of the
  // release that the placement is of.
  virtual std::vector<Difference> differences(const Placement&, Content& /*content*/) const {
    return {};
  }
  // Opens what the target asks of secrets, and remembers it for questions that come without
  // content.
  virtual void open_keys(const Placement&, Content&) const {}
  // True where `placement` is what is served.
  virtual bool is_current(const Placement& placement) const = 0;
  // What stands on a target of the site with this id under names of ours, though it is none of
  // `known`. Error{incompatible} where the place cannot be used.
  virtual std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                             const std::vector<Placement>& known) const = 0;
  // Removes those leftovers that nobody but this site can have made; a person sees to the others.
  virtual void sweep(const release::Target&, const std::string& /*site*/,
                     const std::vector<Placement>& /*known*/) {}
  // Removes what was kept beside `kept`, which has stood here, and is not needed beside `current`;
  // a null: nothing stands there now.
  virtual void trim(const Placement& /*kept*/, const Placement* /*current*/, Content&) {}
  // Removes what stands at `placement`, which is not current; nothing happens where it is gone.
  virtual void prune(const Placement& placement) = 0;
};

// By their words in site.yaml, and those of steps that the planner makes itself.
class Drivers {
 public:
  explicit Drivers(std::map<std::string, std::unique_ptr<Driver>> drivers)
      : drivers_(std::move(drivers)) {}
  // Error{incompatible} for a driver that this program does not have.
  Driver& named(const std::string& name) const;

 private:
  std::map<std::string, std::unique_ptr<Driver>> drivers_;
};

}  // namespace sealift::installer
