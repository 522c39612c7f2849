#include "sync/archive.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"
#include "sync/entry_names.h"
#include "sync/source_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <memory>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = 1 << 18;

/// A file of zeros packs a thousandfold; it harms nobody while it is small.
constexpr std::uint64_t harmless_bytes = 1 << 20;

struct FreeArchive {
    void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<archive, FreeArchive>;

/// libarchive converts names to the locale's encoding and gives none where it cannot. This thread's
/// locale, while the object lives, is UTF-8 whatever the environment says.
class Utf8Locale {
public:
    Utf8Locale() : locale_{::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)} {
        if (locale_ == nullptr) {
            throw system_error(errno, "cannot use locale C.UTF-8");
        }
        previous_ = ::uselocale(locale_.get());
    }
    ~Utf8Locale() { ::uselocale(previous_); }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    struct Free {
        void operator()(locale_t locale) const noexcept { ::freelocale(locale); }
    };
    std::unique_ptr<std::remove_pointer_t<locale_t>, Free> locale_;
    locale_t previous_ = nullptr;
};

UniqueFd open_archive_file(const fs::path& path) {
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) {
        throw system_error(errno, "cannot open the archive");
    }
    return fd;
}

std::uint64_t size_of(int descriptor) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) {
        throw system_error(errno, "cannot look at the archive");
    }
    return static_cast<std::uint64_t>(info.st_size);
}

std::string_view cause_of(archive* handle) {
    const char* text = archive_error_string(handle);
    return text == nullptr ? "unknown cause" : text;
}

/// One run through an archive, from its first entry to its last.
class Unpacking {
public:
    Unpacking(FileOps& files, int descriptor, const fs::path& folder, const Limits& limits)
        : files_{files},
          folder_{folder},
          limits_{limits},
          names_{limits.max_entries, limits.max_depth},
          packed_bytes_{size_of(descriptor)},
          handle_{archive_read_new()} {
        archive* const handle = handle_.get();
        if (handle == nullptr || archive_read_support_format_zip(handle) != ARCHIVE_OK ||
            archive_read_support_format_tar(handle) != ARCHIVE_OK ||
            archive_read_support_filter_gzip(handle) != ARCHIVE_OK ||
            archive_read_support_filter_zstd(handle) != ARCHIVE_OK) {
            throw Error{Errc::io, "cannot set up the archive library"};
        }
        if (archive_read_open_fd(handle, descriptor, piece_bytes) != ARCHIVE_OK) {
            throw failure();
        }
    }

    std::vector<std::string> run() {
        while (archive_entry* const entry = next()) {
            take(entry);
        }
        if (taken_.empty()) {
            throw Error{Errc::corrupt, "the archive holds no files"};
        }
        return std::move(taken_);
    }

private:
    /// Before the first entry a wrong format tells what the file is not; after it, that the file is
    /// damaged.
    Error failure() const {
        if (archive_format(handle_.get()) == 0) {
            return {Errc::unsupported,
                    fmt::format("neither an SQLite database nor a zip or tar archive: {}",
                                cause_of(handle_.get()))};
        }
        return {Errc::corrupt, fmt::format("the archive is damaged: {}", cause_of(handle_.get()))};
    }

    archive_entry* next() {
        archive_entry* entry = nullptr;
        const int code = archive_read_next_header(handle_.get(), &entry);
        if (code == ARCHIVE_EOF) {
            return nullptr;
        }
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
            throw failure();
        }
        return entry;
    }

    void take(archive_entry* entry) {
        const char* const pathname = archive_entry_pathname(entry);
        if (pathname == nullptr) {
            throw Error{Errc::corrupt, "an entry of the archive has no readable name"};
        }
        std::string_view name{pathname};
        while (name.starts_with("./")) {
            name.remove_prefix(2);  // as tar writes the content of a folder
        }
        if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr) {
            throw Error{Errc::corrupt, fmt::format("entry '{}' is a link", printable(name))};
        }
        if (archive_entry_is_encrypted(entry) != 0) {
            throw Error{Errc::corrupt, fmt::format("entry '{}' is encrypted", printable(name))};
        }
        const auto type = archive_entry_filetype(entry);
        if (type == AE_IFDIR) {
            if (!name.empty() && name != ".") {
                names_.add_folder(name.ends_with('/') ? name.substr(0, name.size() - 1) : name);
            }
            return;
        }
        if (type != AE_IFREG) {
            throw Error{Errc::corrupt,
                        fmt::format("entry '{}' is not a regular file", printable(name))};
        }
        names_.add_file(name);
        write(std::string{name});
    }

    void write(std::string name) {
        const auto path = folder_ / name;
        files_.create_scratch_directories(path.parent_path());
        const auto file = files_.create(path);
        for (;;) {
            const auto size = archive_read_data(handle_.get(), piece_.data(), piece_.size());
            if (size == 0) {
                break;
            }
            if (size < 0) {
                throw Error{Errc::corrupt, fmt::format("entry '{}' is damaged: {}", printable(name),
                                                       cause_of(handle_.get()))};
            }
            unpacked_bytes_ += static_cast<std::uint64_t>(size);
            check_size();
            file->append({piece_.data(), static_cast<std::size_t>(size)});
        }
        taken_.push_back(std::move(name));
    }

    void check_size() const {
        if (unpacked_bytes_ > limits_.max_unpacked_bytes) {
            throw Error{Errc::too_large, fmt::format("the archive holds more than {} bytes",
                                                     limits_.max_unpacked_bytes)};
        }
        if (unpacked_bytes_ > harmless_bytes &&
            unpacked_bytes_ / limits_.max_ratio > packed_bytes_) {
            throw Error{Errc::too_large,
                        fmt::format("the archive unpacks to more than {} times its size",
                                    limits_.max_ratio)};
        }
    }

    FileOps& files_;
    const fs::path& folder_;
    const Limits& limits_;
    Utf8Locale locale_;
    EntryNames names_;
    std::uint64_t packed_bytes_;
    ArchiveHandle handle_;
    Bytes piece_ = Bytes(piece_bytes);
    std::uint64_t unpacked_bytes_ = 0;
    std::vector<std::string> taken_;
};

std::vector<std::string> copy_entries(FileOps& files, const fs::path& from, const fs::path& folder,
                                      const Limits& limits) {
    EntryNames names{limits.max_entries, limits.max_depth};
    std::vector<std::string> taken;
    std::uint64_t total_bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator{from}) {
        const auto name = entry.path().lexically_relative(from).generic_string();
        const auto type = entry.symlink_status().type();
        if (type == fs::file_type::directory) {
            names.add_folder(name);
            continue;
        }
        if (type != fs::file_type::regular) {
            throw Error{Errc::corrupt,
                        fmt::format("entry '{}' is not a regular file", printable(name))};
        }
        names.add_file(name);
        const SourceFile file{entry.path(), fmt::format("entry '{}'", printable(name))};
        if (file.size() > limits.max_unpacked_bytes - total_bytes) {
            throw Error{Errc::too_large, fmt::format("the folder holds more than {} bytes",
                                                     limits.max_unpacked_bytes)};
        }
        files.create_scratch_directories((folder / name).parent_path());
        total_bytes += file.copy_to(files, folder / name, limits.max_unpacked_bytes - total_bytes);
        taken.push_back(name);
    }
    if (taken.empty()) {
        throw Error{Errc::corrupt, "the folder holds no files"};
    }
    std::ranges::sort(taken);
    return taken;
}

}  // namespace

std::vector<std::string> unpack_archive(FileOps& files, const fs::path& archive,
                                        const fs::path& folder, const Limits& limits) {
    const auto file = open_archive_file(archive);
    return unpack_archive(files, file.get(), folder, limits);
}

std::vector<std::string> unpack_archive(FileOps& files, int archive, const fs::path& folder,
                                        const Limits& limits) {
    return Unpacking{files, archive, folder, limits}.run();
}

std::vector<std::string> copy_folder(FileOps& files, const fs::path& from, const fs::path& folder,
                                     const Limits& limits) {
    try {
        return copy_entries(files, from, folder, limits);
    } catch (const fs::filesystem_error& error) {  // names a path
        throw system_error(error.code().value(), "cannot read the folder");
    }
}

}  // namespace offgrid
