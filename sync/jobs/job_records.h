#pragma once

#include "formats/base/file_ops.h"
#include "serve/log.h"
#include "sync/jobs/job.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>

namespace offgrid {

/// The jobs of a depot as they are on its disk: a file `jobs/ID.json` each.
///
/// The FileOps is not owned. One thread at a time.
class JobRecords {
public:
    /// The folder is made with the first record. REQUIRES: the DepotLock.
    JobRecords(FileOps& files, std::filesystem::path folder)
        : files_{files}, folder_{std::move(folder)} {}

    /// All jobs by id. A record that cannot be read goes to the log and is left out.
    std::map<std::uint64_t, Job> load(const Log& log) const;

    /// Write the record in one step, durably.
    void save(const Job& job);

    void remove(std::uint64_t id);

private:
    std::filesystem::path path_of(std::uint64_t id) const;

    FileOps& files_;
    std::filesystem::path folder_;
};

}  // namespace offgrid
