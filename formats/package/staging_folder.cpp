#include "formats/package/staging_folder.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <utility>

namespace offgrid {

StagingFolder::StagingFolder(FileOps& files, const Depot& depot) : files_{&files} {
    auto name = (depot.staging() / "XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw system_error(errno,
                           fmt::format("cannot create a folder in {}", depot.staging().string()));
    }
    path_ = name;
}

StagingFolder::~StagingFolder() {
    if (files_ == nullptr) {
        return;
    }
    try {
        files_->remove_all(path_);
    } catch (const Error&) {
        // swept at the next start
    }
}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : files_{std::exchange(other.files_, nullptr)}, path_{std::move(other.path_)} {}

}  // namespace offgrid
