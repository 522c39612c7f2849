#include "tests/sync/archives.h"

#include "tests/support/temp_folder.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <stdexcept>

namespace offgrid::test {
namespace {

struct FreeArchive {
    void operator()(archive* handle) const noexcept { archive_write_free(handle); }
};

struct FreeEntry {
    void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};

void check(archive* handle, la_ssize_t code) {
    if (code < ARCHIVE_OK) {
        throw std::runtime_error{archive_error_string(handle)};
    }
}

void set_kind(archive* handle, ArchiveKind kind) {
    check(handle, kind == ArchiveKind::zip ? archive_write_set_format_zip(handle)
                                           : archive_write_set_format_gnutar(handle));
    check(handle, kind == ArchiveKind::tar_gz    ? archive_write_add_filter_gzip(handle)
                  : kind == ArchiveKind::tar_zst ? archive_write_add_filter_zstd(handle)
                                                 : ARCHIVE_OK);
}

unsigned file_type(EntryType type) {
    switch (type) {
        case EntryType::file:
        case EntryType::hard_link:
            return AE_IFREG;
        case EntryType::folder:
            return AE_IFDIR;
        case EntryType::symlink:
            return AE_IFLNK;
        case EntryType::fifo:
            return AE_IFIFO;
        case EntryType::device:
            return AE_IFCHR;
    }
    return AE_IFREG;
}

void write_entry(archive* handle, const ArchiveEntry& described) {
    const std::unique_ptr<archive_entry, FreeEntry> entry{archive_entry_new()};
    archive_entry_set_pathname(entry.get(), described.name.c_str());
    archive_entry_set_filetype(entry.get(), file_type(described.type));
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), 0);
    if (described.type == EntryType::symlink) {
        archive_entry_set_symlink(entry.get(), described.content.c_str());
    } else if (described.type == EntryType::hard_link) {
        archive_entry_set_hardlink(entry.get(), described.content.c_str());
    } else if (described.type == EntryType::file) {
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(described.content.size()));
    }
    check(handle, archive_write_header(handle, entry.get()));
    if (described.type == EntryType::file && !described.content.empty()) {
        check(handle,
              archive_write_data(handle, described.content.data(), described.content.size()));
    }
}

}  // namespace

void write_archive(const std::filesystem::path& path, ArchiveKind kind,
                   const std::vector<ArchiveEntry>& entries) {
    const std::unique_ptr<archive, FreeArchive> handle{archive_write_new()};
    set_kind(handle.get(), kind);
    check(handle.get(), archive_write_open_filename(handle.get(), path.c_str()));
    for (const auto& entry : entries) {
        write_entry(handle.get(), entry);
    }
    check(handle.get(), archive_write_close(handle.get()));
}

void write_archive_of(const std::filesystem::path& path, ArchiveKind kind,
                      const std::filesystem::path& folder, const std::string& prefix) {
    std::vector<ArchiveEntry> entries;
    for (const auto& name : names_below(folder)) {
        if (!name.ends_with('/')) {
            entries.push_back({prefix + name, read_text(folder / name)});
        }
    }
    write_archive(path, kind, entries);
}

}  // namespace offgrid::test
