// SPDX-License-Identifier: Apache-2.0
#include "installer/site/card.hpp"

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "installer/site/identity.hpp"
#include "installer/site/site_key.hpp"

namespace sealift::installer {

Card read_card(const Layout& layout) {
  const std::string file = layout.identity().string();
  const Json value = parse_json(read_file(file, 64 << 10), file);
  Fields fields(value, file);
  return {.id = fields.text("id"), .created = fields.text("created"), .key = fields.text("key")};
}

Card new_card(const Clock& clock) {
  return {.id = random_hex(16), .created = to_text(clock.now()), .key = {}};
}

void make_site(const Layout& layout, const Clock& clock, Card& card) {
  make_dirs(layout.keys(), 0700);
  if (!has_site_key(layout) || card.key.empty()) {
    card.key = SiteKey::make(layout).public_key().id();
  }
  card.recipient = site_identity(layout, clock.now()).recipient().str();
  const std::string text =
      to_pretty({{"id", card.id}, {"created", card.created}, {"key", card.key}});
  if (path_exists(layout.identity())) {
    write_file(layout.identity(), text);
  } else {
    write_new_file(layout.identity(), text, FileMode::plain);
  }
}

Json to_json(const SiteMove& move) {
  return {{"formerSite", move.former}, {"site", move.site}, {"key", move.key},
          {"archive", move.archive},   {"file", move.file}, {"made", to_text(move.made)}};
}

SiteMove site_move_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  SiteMove move{.former = fields.text("formerSite"),
                .site = fields.text("site"),
                .key = fields.text("key"),
                .archive = fields.text("archive"),
                .file = fields.text("file"),
                .made = fields.time("made")};
  fields.done();
  return move;
}

}  // namespace sealift::installer
