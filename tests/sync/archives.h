#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {

enum class EntryType { file, folder, symlink, hard_link, fifo, device };

/// One entry of an archive that a test makes, sane or not.
struct ArchiveEntry {
    std::string name;
    std::string content;  ///< of a link: where it leads
    EntryType type = EntryType::file;
};

enum class ArchiveKind { zip, tar, tar_gz, tar_zst };

/// Write an archive with exactly these entries.
void write_archive(const std::filesystem::path& path, ArchiveKind kind,
                   const std::vector<ArchiveEntry>& entries);

/// Write the regular files below a folder, under their relative names behind `prefix`, as an
/// archive without entries for folders.
void write_archive_of(const std::filesystem::path& path, ArchiveKind kind,
                      const std::filesystem::path& folder, const std::string& prefix = "");

}  // namespace offgrid::test
