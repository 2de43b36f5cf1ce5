// SPDX-License-Identifier: Apache-2.0
#pragma once

// Brings a release into its bucket, beside the others: nothing that users see of the current one
// changes. It may be repeated, and sends only what is missing.

#include <map>
#include <string>

#include "installer/driver/driver.hpp"
#include "installer/drivers/s3/s3_place.hpp"
#include "installer/drivers/s3/s3_step.hpp"

namespace sealift::installer {

// Which of `objects` must be held: also those that another release has otherwise. Where such a one
// has them under their public names, it gets them held as well.
void settle_held(S3Objects& objects, const std::map<std::string, S3Objects>& others);

// `component` is the one whose tree is sent. Error{corrupt} where its content is not that of the
// table; what the release names so far is then in the inventory.
void send_release(const Sending& sending, const std::string& component, const S3Place& place,
                  StepIo& io);
// True where every object is there, as far as the inventory knows.
bool is_sent(const std::optional<S3Objects>& inventory);
// Takes the held files away, and gives up uploads that were not completed. What never changes stays
// until users see another release, so that a second attempt need not send it again.
void take_back_sent(const Sending& sending, const S3Place& place);

}  // namespace sealift::installer
