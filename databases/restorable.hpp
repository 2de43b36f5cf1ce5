// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be backed up: a database, or a folder of data. It gives its whole content as one stream,
// a dump, and takes one back. It knows nothing of where backups are kept.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/stream.hpp"

namespace sealift::databases {

struct Facts {
  std::string server;       // "PostgreSQL 15.18", "SQLite 3.40.1"; of a folder where it lies
  std::uint64_t bytes = 0;  // what it takes where it lies
};

// How a dump comes into the place of what is there.
struct Restoring {
  // Ends the name under which what was there is kept, where that can be done.
  std::string label;
  // What describe() said when the dump was made: for a database that is gone.
  Json about;
};

class Restorable {
 public:
  virtual ~Restorable() = default;

  // Error{incompatible} with everything that is missing to work with it.
  virtual Facts facts() = 0;
  // Whether it is there at all.
  virtual bool exists() = 0;
  // What a dump does not hold and a restore needs: who owns it, roles, settings, extensions,
  // encoding.
  virtual Json describe() = 0;
  // Error{incompatible} with everything that would keep a dump of which describe() said `about`
  // from being restored here.
  virtual void check_restorable(const Json& about) = 0;

  // The whole content. Of a database as of one moment; what others changed in a folder meanwhile is
  // named by changed_meanwhile().
  virtual void dump(Sink& to) = 0;
  // After dump(): what it holds of several moments, or not at all.
  virtual std::vector<std::string> changed_meanwhile() const { return {}; }
  // Reads a dump to its end as a restore would; Error{corrupt} where that cannot succeed.
  virtual void check_dump(Source& dump) = 0;
  // Puts the content of a dump in place of what is there, at once or not at all. Users are kept
  // out meanwhile, of a database. Cut off anywhere, it may be repeated. Error{target_failed} where
  // nothing was changed.
  virtual void restore(Source& dump, const Restoring& how) = 0;
  // Goes on with a restore that was cut off after its last check; false where there is none.
  virtual bool finish_restore(const std::string& label) = 0;
  // What restores and rehearsals have left beside it, by name.
  virtual std::vector<std::string> kept() = 0;
  // `name` is one of kept().
  virtual void drop_kept(const std::string& name) = 0;
};

}  // namespace sealift::databases
