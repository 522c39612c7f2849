#include "formats/base/part_file.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <system_error>
#include <utility>

namespace offgrid {

namespace fs = std::filesystem;

void require_name_free(const fs::path& path) {
    if (fs::exists(path)) {
        throw Error{Errc::already_exists, fmt::format("{} exists already", path.string())};
    }
}

fs::path unique_part_of(fs::path path) {
    std::random_device random;
    const auto number = std::uint64_t{random()} << 32 | random();
    path += fmt::format(".{:016x}.part", number);
    return path;
}

PartFile::PartFile(fs::path target, FileOps& files)
    : target_{std::move(target)}, path_{unique_part_of(target_)}, files_{files} {
    require_name_free(target_);
}

PartFile::~PartFile() {
    if (!is_published_) {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
}

void PartFile::publish() {
    require_name_free(target_);
    files_.rename(path_, target_);
    is_published_ = true;
    const auto folder = target_.parent_path();
    files_.sync_directory(folder.empty() ? fs::path{"."} : folder);
}

}  // namespace offgrid
