#include "serve/asset_folder.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Whether the failure says that there is nothing of that name that could be opened here: no such
/// file, another kind of file, or a link.
bool is_absence(int error_number) {
    return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP ||
           error_number == ENAMETOOLONG || error_number == ENXIO;
}

/// What an open call gave; no descriptor where there is nothing of that name.
UniqueFd opened_or_absent(int descriptor, std::string_view name) {
    if (descriptor < 0 && !is_absence(errno)) {
        throw system_error(errno, fmt::format("cannot open '{}'", name));
    }
    return UniqueFd{descriptor};
}

/// Open the last of the names, each but the last being a folder; no descriptor where one is
/// missing.
UniqueFd open_below(const fs::path& root, const std::vector<std::string>& names, int flags) {
    constexpr int folder_flags = O_RDONLY | O_DIRECTORY;
    auto at = opened_or_absent(::open(root.c_str(), folder_flags | O_CLOEXEC), root.string());
    for (std::size_t i = 0; i < names.size() && at.is_open(); ++i) {
        if (!is_asset_name(names[i])) {
            return UniqueFd{};
        }
        const int wanted = i + 1 == names.size() ? flags : folder_flags;
        at = opened_or_absent(::openat(at.get(), names[i].c_str(), wanted | O_NOFOLLOW | O_CLOEXEC),
                              names[i]);
    }
    return at;
}

/// Without waiting for the other end of a pipe.
constexpr int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;

std::optional<std::uint64_t> size_of_regular(const UniqueFd& file) {
    struct stat status = {};
    if (::fstat(file.get(), &status) != 0) {
        throw system_error(errno, "cannot look at a file");
    }
    return S_ISREG(status.st_mode) ? std::optional{static_cast<std::uint64_t>(status.st_size)}
                                   : std::nullopt;
}

/// As much as the file had when it was looked at, or less where it has become shorter.
Bytes read_bytes(const UniqueFd& file, std::uint64_t size, const std::string& name) {
    Bytes content(static_cast<std::size_t>(size));
    std::size_t filled = 0;
    while (filled < content.size()) {
        const auto got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw system_error(errno, fmt::format("cannot read '{}'", name));
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

}  // namespace

bool is_asset_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name.front() != '.' &&
           std::ranges::none_of(name, [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return c == '/' || c == '\\' || byte < 0x20 || byte == 0x7F;
           });
}

std::vector<std::string> AssetFolder::below(const std::vector<std::string>& names) const {
    auto all = folders_;
    all.insert(all.end(), names.begin(), names.end());
    return all;
}

bool AssetFolder::exists() const {
    return open_below(root_, folders_, O_RDONLY | O_DIRECTORY).is_open();
}

bool AssetFolder::has_file(const std::string& name) const {
    const auto file = open_below(root_, below({name}), reading);
    return file.is_open() && size_of_regular(file);
}

std::optional<Bytes> AssetFolder::read(const std::vector<std::string>& names,
                                       std::uint64_t limit_bytes) const {
    const auto all = below(names);
    const auto file = open_below(root_, all, reading);
    const auto size = file.is_open() ? size_of_regular(file) : std::nullopt;
    if (!size) {
        return std::nullopt;
    }
    if (*size > limit_bytes) {
        throw Error{Errc::too_large,
                    fmt::format("'{}' has {} bytes, more than the {} that are read", all.back(),
                                *size, limit_bytes)};
    }
    return read_bytes(file, *size, all.back());
}

}  // namespace offgrid
