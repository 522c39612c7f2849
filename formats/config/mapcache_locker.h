#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// How files are locked, as `<locker>` or the older `<lock_dir>` and `<lock_retry>` say. Only
/// lockers of type `disk` are used; others are noted, and files lock instead.
FileLockerOptions parse_locker(const XmlElement& root, Notes& notes);

}  // namespace offgrid::config
