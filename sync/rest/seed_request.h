#pragma once

#include "sync/jobs/job.h"
#include "sync/rest/tilesets.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// A request to seed, reseed or truncate as GeoWebCache's clients send it: a `seedRequest` in XML
/// or JSON, or the fields of its HTML form. A value.
///
/// `threadCount` is read and means nothing here: one job does it all, with the threads that its
/// sources are configured with.
struct SeedRequest {
    JobType type = JobType::seed;
    TilesetChoice choice{};
    ZoomSpan zooms{};
    std::optional<Box> bounds{};  ///< in the units of the grid set's SRS
};

/// Throws `invalid_argument` naming the field that is missing or wrong.
SeedRequest parse_seed_request(std::string_view body);

}  // namespace offgrid
